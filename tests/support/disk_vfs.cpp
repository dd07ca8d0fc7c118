// What SQLite calls.
#include <algorithm>
#include <new>
#include <thread>
#include <utility>

#include "tests/support/disk_impl.h"

namespace fieldpost::support {
namespace {

using Lock = std::lock_guard<std::mutex>;

DiskPart part_of(std::string_view path) {
  return path.ends_with("-wal") ? DiskPart::wal : DiskPart::database;
}

/// What SQLite holds of an open file; that of "unix" stands behind it.
struct File {
  sqlite3_file base;
  Disk::Impl* disk;
  int number;
  DiskPart part;
};

File& file_of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

std::uint64_t size_of(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  real_of(file)->pMethods->xFileSize(real_of(file), &size);
  return static_cast<std::uint64_t>(size);
}

int close(sqlite3_file* file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}

int read(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  File& self = file_of(file);
  int result = SQLITE_OK;
  std::function<void()> act;
  {
    const Lock lock(self.disk->lock);
    if (const auto error = self.disk->trouble(DiskCall::read, self.part)) return *error;
    result = real_of(file)->pMethods->xRead(real_of(file), into, amount, offset);
    act = std::exchange(self.disk->in_next_read, nullptr);
  }
  if (act) act();
  return result;
}

int write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  File& self = file_of(file);
  Disk::Impl& disk = *self.disk;
  const Lock lock(disk.lock);
  if (const auto error = disk.trouble(DiskCall::write, self.part)) return *error;
  const auto at = static_cast<std::uint64_t>(offset);
  std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(amount));
  if (disk.space) {
    const std::uint64_t size = std::max(size_of(file), at);
    const std::uint64_t growth = at + bytes.size() > size ? at + bytes.size() - size : 0;
    const std::uint64_t lacking = growth > *disk.space ? growth - *disk.space : 0;
    *disk.space -= growth - lacking;
    bytes.remove_suffix(std::min<std::uint64_t>(lacking, bytes.size()));  // as write(2): what fits is written
  }
  if (!bytes.empty()) {
    const int result =
        real_of(file)->pMethods->xWrite(real_of(file), bytes.data(), static_cast<int>(bytes.size()), offset);
    if (result != SQLITE_OK) return result;
    disk.log.write(self.number, at, bytes);
  }
  if (bytes.size() == static_cast<std::size_t>(amount)) return SQLITE_OK;
  ++disk.failures;
  return disk.how == OutOfSpace::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;  // what "unix" makes of ENOSPC and EDQUOT
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  File& self = file_of(file);
  Disk::Impl& disk = *self.disk;
  const Lock lock(disk.lock);
  if (const auto error = disk.trouble(DiskCall::truncate, self.part)) return *error;
  const std::uint64_t before = size_of(file);
  const int result = real_of(file)->pMethods->xTruncate(real_of(file), size);
  if (result != SQLITE_OK) return result;
  const auto after = static_cast<std::uint64_t>(size);
  if (disk.space && before > after) *disk.space += before - after;
  disk.log.truncate(self.number, after);
  return SQLITE_OK;
}

int sync(sqlite3_file* file, int /*flags*/) {
  File& self = file_of(file);
  Disk::Impl& disk = *self.disk;
  std::chrono::milliseconds duration{0};
  {
    const Lock lock(disk.lock);
    duration = disk.sync_duration;
  }
  std::this_thread::sleep_for(duration);
  const Lock lock(disk.lock);
  if (const auto error = disk.trouble(DiskCall::sync, self.part)) {
    disk.log.sync_failed(self.number);
    return *error;
  }
  disk.log.sync(self.number);
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int check_lock(sqlite3_file* file, int* result) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}
int control(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void shared_barrier(sqlite3_file* file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

// Version 2: shared memory for WAL, but no mapped reads, which would pass by.
const sqlite3_io_methods methods{2,
                                 close,
                                 read,
                                 write,
                                 truncate,
                                 sync,
                                 file_size,
                                 lock_file,
                                 unlock_file,
                                 check_lock,
                                 control,
                                 sector_size,
                                 characteristics,
                                 map_shared,
                                 lock_shared,
                                 shared_barrier,
                                 unmap_shared,
                                 nullptr,
                                 nullptr};

Disk::Impl& disk_of(sqlite3_vfs* vfs) {
  return *reinterpret_cast<Disk::Impl*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  Disk::Impl& disk = disk_of(vfs);
  if (!disk.follows(name) || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
    return disk.real->xOpen(disk.real, name, file, flags, flags_out);
  }
  const Lock lock(disk.lock);
  auto* self = new (file) File{{nullptr}, &disk, -1, part_of(name)};
  const int result = disk.real->xOpen(disk.real, name, real_of(file), flags, flags_out);
  if (result != SQLITE_OK) return result;
  self->base.pMethods = &methods;
  self->number = disk.log.open(name);
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int /*sync_folder*/) {
  Disk::Impl& disk = disk_of(vfs);
  if (!disk.follows(name)) return disk.real->xDelete(disk.real, name, 0);
  const Lock lock(disk.lock);
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(name, none);
  const int result = disk.real->xDelete(disk.real, name, 0);
  if (result != SQLITE_OK) return result;
  if (disk.space && !none) *disk.space += size;
  disk.log.remove(name);
  return SQLITE_OK;
}

}  // namespace

sqlite3_vfs make_vfs(Disk::Impl& disk) {
  sqlite3_vfs vfs = *disk.real;
  vfs.zName = "test disk";
  vfs.szOsFile = disk.real->szOsFile + static_cast<int>(sizeof(File));
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.pAppData = &disk;
  return vfs;
}

}  // namespace fieldpost::support
