#include "tests/support/disk.h"

#include <fcntl.h>

#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "tests/support/disk_impl.h"

namespace fieldpost::support {
namespace {

using Lock = std::lock_guard<std::mutex>;

// For rename(), which knows no VFS.
std::atomic<Disk::Impl*> mounted{nullptr};

}  // namespace

Disk::Disk(const std::filesystem::path& folder) : impl_(std::make_unique<Impl>(folder)) {
  impl_->real = sqlite3_vfs_find("unix");
  if (impl_->real == nullptr) throw std::logic_error("SQLite without its unix VFS");
  impl_->vfs = make_vfs(*impl_);
  sqlite3_vfs_register(&impl_->vfs, 1);
  mounted = impl_.get();
}

Disk::~Disk() {
  mounted = nullptr;
  sqlite3_vfs_unregister(&impl_->vfs);
  sqlite3_vfs_register(impl_->real, 1);
}

void Disk::fail(DiskCall call, unsigned nth, unsigned times, DiskPart part) {
  const Lock lock(impl_->lock);
  impl_->fault = Impl::Fault{call, part, nth - 1, times};
}

void Disk::break_down(DiskCall call, DiskPart part) {
  fail(call, 1, UINT_MAX, part);
}

void Disk::leave_space(std::uint64_t bytes, OutOfSpace how) {
  const Lock lock(impl_->lock);
  impl_->space = bytes;
  impl_->how = how;
}

void Disk::slow_syncs(std::chrono::milliseconds duration) {
  const Lock lock(impl_->lock);
  impl_->sync_duration = duration;
}

void Disk::in_next_read(std::function<void()> act) {
  const Lock lock(impl_->lock);
  impl_->in_next_read = std::move(act);
}

void Disk::heal() {
  const Lock lock(impl_->lock);
  impl_->fault.reset();
  impl_->space.reset();
  impl_->sync_duration = {};
}

std::uint64_t Disk::failures() const {
  const Lock lock(impl_->lock);
  return impl_->failures;
}

std::size_t Disk::position() const {
  const Lock lock(impl_->lock);
  return impl_->log.position();
}

void Disk::build(std::size_t position, Cut cut, std::uint64_t seed, const std::filesystem::path& folder) const {
  const Lock lock(impl_->lock);
  impl_->log.build(position, cut, seed, folder);
}

namespace {

void note_rename(const char* from, const char* to) {
  Disk::Impl* disk = mounted;
  if (disk == nullptr || !disk->follows(from)) return;
  const Lock lock(disk->lock);
  disk->log.rename(from, to);
}

}  // namespace
}  // namespace fieldpost::support

// In place of the C library's, so that what the queue renames by itself is seen as well.
extern "C" int rename(const char* from, const char* to) noexcept {
  const int result = renameat(AT_FDCWD, from, AT_FDCWD, to);
  if (result == 0) fieldpost::support::note_rename(from, to);
  return result;
}
