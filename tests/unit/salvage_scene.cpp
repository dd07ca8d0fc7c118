#include "tests/unit/salvage_scene.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "buffer/page.h"
#include "buffer/salvage_rows.h"
#include "buffer/table_scan.h"
#include "tests/support/catch.h"

namespace fieldpost::unit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t rows_in_commit = 7;

std::map<std::string, pages::Number> roots_of(const std::string& path) {
  sqlite::Connection connection(path, sqlite::Mode::read_only);
  auto row = connection.prepare("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'");
  std::map<std::string, pages::Number> roots;
  while (row.step())
    roots[row.text(0)] = static_cast<pages::Number>(row.number(1));
  return roots;
}

}  // namespace

std::string text_of(const Batch& batch) {
  std::string text = std::to_string(batch.session()) + (batch.lane() == Lane::alarm ? "a" : "t") +
                     std::to_string(batch.boot()) + "/" + std::to_string(batch.readings()) + "/";
  for (const Layout& layout : batch.layouts())
    text += layout.encoded();
  return text + std::string(batch.groups());
}

SalvageScene::SalvageScene(std::uint64_t seed, std::size_t rows, Deleted deleted)
    : dice_(seed), path_(folder_ / "queue.db") {
  for (int i = 0; i < 40; ++i) {
    std::string name = "point-" + std::to_string(i) + std::string(up_to(60), 'n');
    layouts_.push_back(
        Layout("plc-" + std::to_string(i % 3), "pump-" + std::to_string(i), {{std::move(name), "bar"}, {"s", ""}}));
  }
  for (std::uint64_t n = 0; n < 3; ++n) {
    Store store(path_);
    next_seq_ = 1;
    sessions_.push_back({{1'000'000 + n, "gw", "kiruna"}, static_cast<std::int64_t>(n + 1), 0, false});
    store.begin_session(sessions_.back());
    fill(store, rows / 3);
    erase(store, deleted);
    // The last one is not over: the log is left beside the file.
    if (n == 2) {
      fs::copy_file(path_, path_ + ".logged");
      fs::copy_file(path_ + "-wal", path_ + ".logged-wal");
      break;
    }
    Commit end;
    end.account = account_;
    end.last_seq = next_seq_ - 1;
    end.clean_end = sessions_.back().clean = n == 0;
    store.apply(end);
  }
  map_pages();
}

std::string SalvageScene::copy(bool with_log) const {
  std::string name = folder_ / "damaged.db";
  const std::string from = path_ + (with_log ? ".logged" : "");
  fs::remove(name + "-wal");
  fs::copy_file(from, name, fs::copy_options::overwrite_existing);
  if (with_log) fs::copy_file(from + "-wal", name + "-wal");
  return name;
}

Batch SalvageScene::batch(std::uint64_t session, Lane lane) {
  BatchBuilder builder(session, lane, 77);
  const std::uint64_t kind = up_to(9);
  const std::size_t size = kind == 0 ? 5'000 + up_to(30'000) : kind < 4 ? 3'000 + up_to(900) : up_to(400);
  do {
    const Layout& layout = layouts_[up_to(layouts_.size() - 1)];
    std::string text(std::min<std::size_t>(size, 40 + up_to(size)), '\0');
    for (char& c : text)
      c = static_cast<char>(dice_() & 0x7f);
    const std::vector<Value> values{text, static_cast<double>(dice_()) * 1e-9};
    builder.add(layout, {static_cast<std::int64_t>(1'000'000 * next_seq_), static_cast<std::int64_t>(next_seq_), true},
                next_seq_, values);
    next_seq_ += 2;
  } while (builder.bytes() < size);
  return builder.close();
}

void SalvageScene::insert(Store& store, Commit& commit) {
  const std::uint64_t session = sessions_.back().info.id;
  for (std::size_t i = 0; i < rows_in_commit; ++i) {
    const Lane lane = up_to(6) == 0 ? Lane::alarm : Lane::telemetry;
    commit.insert.push_back(std::make_shared<const Batch>(batch(session, lane)));
    (lane == Lane::alarm ? account_.waiting_alarm : account_.waiting_telemetry) += commit.insert.back()->readings();
  }
  commit.account = account_;
  commit.last_seq = sessions_.back().last = next_seq_ - 1;
  const std::vector<std::int64_t> ids = store.apply(commit).ids;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Batch& batch = *commit.insert[i];
    waiting_[ids[i]] = {text_of(batch), batch.lane(), session, batch.ranges(), batch.readings(), {}};
  }
}

void SalvageScene::give_up(Commit& commit) {
  const std::uint64_t session = sessions_.back().info.id;
  BatchBuilder one(session, Lane::telemetry, 77);
  const Layout single("a", "b", {{"c", ""}});
  one.add(single, {5, 5, true}, next_seq_++, std::vector<Value>{std::string(up_to(3) == 0 ? 9000 : 10, 'x')});
  commit.rejected.push_back({one.close(), "too large", "topic", 7});
  rejected_[static_cast<std::int64_t>(++account_.rejected)] = text_of(commit.rejected.back().batch);
  commit.evicted.push_back({Lane::alarm, session, {next_seq_, next_seq_ + 4}, 5, "size", 9});
  evicted_.push_back(commit.evicted.back());
  account_.evicted += 5;
  next_seq_ += 5;
}

void SalvageScene::fill(Store& store, std::size_t rows) {
  for (std::size_t done = 0; done < rows; done += rows_in_commit) {
    Commit commit;
    if (done % 10 == 0) give_up(commit);
    insert(store, commit);
  }
}

void SalvageScene::add_uncounted(std::size_t rows) {
  {
    Store store(path_);
    for (std::size_t done = 0; done < rows; done += rows_in_commit) {
      Commit commit;
      insert(store, commit);
    }
  }
  map_pages();
}

void SalvageScene::erase(Store& store, Deleted deleted) {
  Commit commit;
  std::size_t some = waiting_.size() / 10;
  for (auto row = waiting_.begin(); row != waiting_.end() && some > 0;) {
    if (deleted == Deleted::anywhere && up_to(8) != 0) {
      ++row;
      continue;
    }
    commit.erase.push_back(row->first);
    (row->second.lane == Lane::alarm ? account_.waiting_alarm : account_.waiting_telemetry) -= row->second.readings;
    account_.delivered += row->second.readings;
    row = waiting_.erase(row);
    --some;
  }
  commit.account = account_;
  commit.last_seq = next_seq_ - 1;
  store.apply(commit);
}

void SalvageScene::map_pages() {
  leaves_.clear();
  interior_.clear();
  free_.clear();
  const auto roots = roots_of(path_);
  const pages::PageFile file(path_);
  page_count_ = file.count();
  std::vector<bool> met(page_count_ + 1, false);
  pages::TableScan rows(is_batch);
  rows.walk(file, roots.at("batch"), met);
  REQUIRE(rows.complete());
  REQUIRE(rows.rows().size() == waiting_.size());
  pages::Page bytes;
  for (const pages::Place& place : rows.rows()) {
    std::set<pages::Number>& on = waiting_.at(place.id).pages;
    on.insert(place.page);
    leaves_.insert(place.page);
    REQUIRE(file.read(place.page, bytes));
    pages::Number next = pages::PageView(bytes, place.page).cell(place.cell)->overflow;
    while (next != 0) {
      on.insert(next);
      REQUIRE(file.read(next, bytes));
      next = static_cast<pages::Number>(pages::word({bytes.data(), bytes.size()}, 0, 4));
    }
  }
  for (pages::Number number = 2; number <= page_count_; ++number) {
    if (met[number] && !leaves_.contains(number) && number != roots.at("batch")) interior_.insert(number);
  }
  const pages::FreePages free = pages::read_free_pages(file);
  REQUIRE(free.all_known);
  for (pages::Number number = 1; number <= page_count_; ++number) {
    if (free.free[number]) free_.insert(number);
  }
  pages::TableScan layouts(is_layout);
  layouts.walk(file, roots.at("layout"), met);
  for (const pages::Place& place : layouts.rows())
    names_.insert(place.page);
  account_page_ = roots.at("account");
}

void overwrite(const std::string& path, std::uint64_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
  REQUIRE(file.flush());
}

void spoil(const std::string& path, std::uint64_t at, std::uint64_t size, std::mt19937_64& dice) {
  std::string noise(size, '\0');
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(dice() & 0xff); });
  overwrite(path, at, noise);
}

}  // namespace fieldpost::unit
