#include "tests/fault/disk_scene.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tests/support/catch.h"

namespace fieldpost::fault {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Mounts of this thread are from now on its own.
bool leave_the_mounts_of_others() {
  static const bool left = unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return left;
}

bool set_immutable(const std::string& file, bool immutable) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  int flags = 0;
  bool done = ioctl(descriptor, FS_IOC_GETFLAGS, &flags) == 0;
  flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
  done = done && ioctl(descriptor, FS_IOC_SETFLAGS, &flags) == 0;
  close(descriptor);
  return done;
}

bool has_problem(const nlohmann::json& status, const std::string& code) {
  for (const auto& problem : status["problems"]) {
    if (problem["code"] == code) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> SmallDisk::unavailable() {
  if (geteuid() != 0) return "mounting needs root";
  if (!leave_the_mounts_of_others()) return "no mount namespace of one's own is permitted here";
  return std::nullopt;
}

SmallDisk::SmallDisk(std::string folder, const std::string& size) : folder_(std::move(folder)), size_("size=" + size) {
  std::filesystem::create_directories(folder_);
  if (mount("fieldpost-test", folder_.c_str(), "tmpfs", 0, size_.c_str()) != 0) fail("mount " + folder_);
}

SmallDisk::~SmallDisk() {
  umount2(folder_.c_str(), MNT_DETACH);
}

void SmallDisk::remount(unsigned long flags) {
  if (mount("fieldpost-test", folder_.c_str(), "tmpfs", MS_REMOUNT | flags, size_.c_str()) != 0) {
    fail("remount " + folder_);
  }
}

void SmallDisk::resize(const std::string& size) {
  size_ = "size=" + size;
  remount(0);
}

void SmallDisk::set_read_only(bool read_only) {
  remount(read_only ? MS_RDONLY : 0);
}

void SmallDisk::fill() {
  const std::string block(4096, '#');
  std::ofstream out(ballast(), std::ios::binary);
  while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

void SmallDisk::free() {
  std::filesystem::remove(ballast());
}

std::uint64_t SmallDisk::used() const {
  struct statvfs info {};
  if (statvfs(folder_.c_str(), &info) != 0) fail(folder_);
  return (info.f_blocks - info.f_bfree) * info.f_frsize;
}

std::optional<std::string> Untouchable::unavailable(const std::string& folder) {
  const std::string probe = folder + "/immutable";
  std::ofstream(probe) << "?";
  const bool works = set_immutable(probe, true) && !std::ofstream(probe);
  set_immutable(probe, false);
  std::filesystem::remove(probe);
  if (works) return std::nullopt;
  return "no file can be made immutable here";
}

Untouchable::Untouchable(std::vector<std::string> files) : files_(std::move(files)) {
  for (const std::string& file : files_) {
    if (!set_immutable(file, true)) fail("chattr +i " + file);
  }
}

Untouchable::~Untouchable() {
  for (const std::string& file : files_)
    set_immutable(file, false);
}

bool DiskScene::wait_for_trouble(bool trouble) {
  return scene.agent->wait_for([&](const auto& status) { return has_problem(status, "disk") == trouble; }, patience);
}

bool DiskScene::wait_for_eviction() {
  return scene.agent->wait_for([](const auto& status) { return has_problem(status, "evicted-size"); }, patience);
}

bool DiskScene::drains() {
  scene.plant.stop();
  scene.meter->stop();
  // The readings that tell of what was given up come behind the others.
  return scene.agent->wait_for(
      [this](const auto& status) {
        const std::uint64_t given_up = status["account"]["evicted"];
        return status["link"]["state"] == "up" && status["account"]["waiting"] == 0 &&
               scene.ground.read_until([&] { return evicted().size() >= given_up; }, std::chrono::milliseconds(200));
      },
      patience);
}

bool DiskScene::wait_for_link(const std::string& state) {
  return scene.agent->wait_for([&](const auto& status) { return status["link"]["state"] == state; }, patience);
}

bool DiskScene::wait_for_more_waiting(std::uint64_t more) {
  std::optional<std::uint64_t> before;
  return scene.agent->wait_for(
      [&](const auto& status) {
        const std::uint64_t waiting = status["account"]["waiting"];
        if (!before) before = waiting;
        return waiting >= *before + more;
      },
      patience);
}

std::set<support::Identity> DiskScene::evicted() const {
  std::set<support::Identity> all;
  for (const support::Arrival& arrival : scene.ground.arrivals()) {
    if (arrival.record["point"] != "evicted" || arrival.record["device"] != "gw-07") continue;
    for (const auto& range : arrival.record["ranges"]) {
      for (std::uint64_t seq = range["from"]; seq <= range["to"]; ++seq)
        all.emplace(range["session"], seq);
    }
  }
  return all;
}

std::vector<std::uint64_t> DiskScene::untold(std::uint64_t session, std::uint64_t last) const {
  const std::set<support::Identity> told = evicted();
  const Books books = read_books(scene.database());
  std::vector<std::uint64_t> untold;
  for (std::uint64_t seq = 1; seq <= last; ++seq) {
    const support::Identity identity{session, seq};
    if (!scene.ground.has(identity) && !told.contains(identity) && !books.waiting.contains(identity)) {
      untold.push_back(seq);
    }
  }
  return untold;
}

void DiskScene::check_all_or_told() {
  const Books books = read_books(scene.database());
  const Account& account = books.account;
  CHECK(scene.ground.read_until([&] { return scene.ground.distinct() >= account.delivered; }, patience));
  CHECK(account.read == account.delivered + account.waiting + account.rejected + account.evicted);
  CHECK(account.waiting == books.waiting.size());
  CHECK(account.rejected == 0);
  std::uint64_t read = 0;
  for (const auto& [session, last] : scene.ended) {
    read += last;
    CHECK(untold(session, last) == none);
  }
  CHECK(account.read == read);
  const std::set<support::Identity> told = evicted();
  CHECK(told.size() == account.evicted);
  std::vector<support::Identity> both;
  for (const support::Identity& identity : told) {
    if (scene.ground.has(identity)) both.push_back(identity);
  }
  CHECK(both == no_readings);
  if (told.empty()) scene.check_numbers();
}

}  // namespace fieldpost::fault
