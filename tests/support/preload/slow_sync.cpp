// Preloaded into the agent, so that it has a slow disk: each fsync takes as many microseconds more as SLOW_SYNC_US
// says.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

void wait_for_disk() {
  const char* given = std::getenv("SLOW_SYNC_US");
  const long microseconds = given == nullptr ? 0 : std::atol(given);
  timespec left{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

}  // namespace

extern "C" int fsync(int fd) {
  wait_for_disk();
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  wait_for_disk();
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
