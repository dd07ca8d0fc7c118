#include "tests/support/disk_log.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <stdexcept>

#include "tests/support/temp_dir.h"

namespace fieldpost::support {
namespace {

constexpr std::uint64_t sector = 512;

void put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

/// Goes through the changes up to the cut and keeps what is certain apart from what is not.
class DiskLog::Replay {
 public:
  Replay(Cut cut, std::uint64_t seed) : cut_(cut), random_(seed), odds_(0.1 + 0.8 * share()) {}

  void take(const Change& change) {
    switch (change.kind) {
      case Kind::find:
        files_[change.file].content = change.to;
        apply_name(change, names_);
        break;
      case Kind::make:
        files_[change.file];
        [[fallthrough]];
      case Kind::remove:
      case Kind::rename:
        pending_names_.push_back(&change);
        break;
      case Kind::write:
      case Kind::truncate:
        files_[change.file].pending.push_back(&change);
        break;
      case Kind::sync:
        settle(files_[change.file], Cut::all_of_it);
        settle_names(pending_names_.size());
        break;
      case Kind::sync_failed:
        settle(files_[change.file], cut_ == Cut::torn ? Cut::torn : Cut::nothing_of_it);
        break;
    }
  }

  void cut_power() {
    const std::size_t all = pending_names_.size();
    settle_names(cut_ == Cut::torn ? std::uniform_int_distribution<std::size_t>(0, all)(random_)
                                   : (cut_ == Cut::all_of_it ? all : 0));
    for (auto& [number, file] : files_)
      settle(file, cut_);
  }

  void write_to(const std::filesystem::path& folder) const {
    for (const auto& [name, file] : names_) {
      const std::filesystem::path path = folder / std::filesystem::path(name).filename();
      std::ofstream out(path, std::ios::binary | std::ios::trunc);
      out << files_.at(file).content;
      out.close();
      if (!out) throw std::runtime_error("cannot write " + path.string());
    }
  }

 private:
  double share() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  bool lucky(Cut cut) { return cut == Cut::all_of_it || (cut == Cut::torn && share() < odds_); }

  void settle(File& file, Cut cut) {
    for (const Change* change : file.pending) {
      if (change->kind == Kind::truncate) {
        if (lucky(cut)) file.content.resize(change->offset);
        continue;
      }
      const std::string_view bytes = change->text;
      for (std::uint64_t at = 0; at < bytes.size();) {
        const std::uint64_t size = std::min(bytes.size() - at, sector - (change->offset + at) % sector);
        if (lucky(cut)) put(file.content, change->offset + at, bytes.substr(at, size));
        at += size;
      }
    }
    file.pending.clear();
  }

  void settle_names(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      apply_name(*pending_names_[i], names_);
    pending_names_.clear();
  }

  Cut cut_;
  std::mt19937_64 random_;
  double odds_;
  std::map<int, File> files_;
  Names names_;
  std::vector<const Change*> pending_names_;
};

void DiskLog::apply_name(const Change& change, Names& names) {
  if (change.kind == Kind::rename) {
    if (const auto from = names.extract(change.text)) names[change.to] = from.mapped();
  } else if (change.kind == Kind::remove) {
    names.erase(change.text);
  } else {
    names[change.text] = change.file;
  }
}

DiskLog::DiskLog(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path();
    if (!entry.is_regular_file() || name.ends_with("-shm")) continue;
    changes_.push_back({Kind::find, files_++, 0, name, read_file(name)});
    apply_name(changes_.back(), names_);
  }
  found_ = changes_.size();
}

int DiskLog::open(const std::string& name) {
  if (const auto known = names_.find(name); known != names_.end()) return known->second;
  changes_.push_back({Kind::make, files_++, 0, name, {}});
  apply_name(changes_.back(), names_);
  return changes_.back().file;
}

void DiskLog::write(int file, std::uint64_t offset, std::string_view bytes) {
  changes_.push_back({Kind::write, file, offset, std::string(bytes), {}});
}
void DiskLog::truncate(int file, std::uint64_t size) {
  changes_.push_back({Kind::truncate, file, size, {}, {}});
}
void DiskLog::sync(int file) {
  changes_.push_back({Kind::sync, file, 0, {}, {}});
}
void DiskLog::sync_failed(int file) {
  changes_.push_back({Kind::sync_failed, file, 0, {}, {}});
}
void DiskLog::remove(const std::string& name) {
  changes_.push_back({Kind::remove, -1, 0, name, {}});
  apply_name(changes_.back(), names_);
}
void DiskLog::rename(const std::string& from, const std::string& to) {
  changes_.push_back({Kind::rename, -1, 0, from, to});
  apply_name(changes_.back(), names_);
}

void DiskLog::build(std::size_t position, Cut cut, std::uint64_t seed, const std::filesystem::path& folder) const {
  Replay replay(cut, seed);
  for (std::size_t i = 0; i < std::max(position, found_); ++i)
    replay.take(changes_[i]);
  replay.cut_power();
  replay.write_to(folder);
}

}  // namespace fieldpost::support
