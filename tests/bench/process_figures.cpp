#include "tests/bench/process_figures.h"

#include <sys/resource.h>

#include <ctime>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.h"

namespace fieldpost::bench {
namespace {

/// The number behind "NAME:" in a file of /proc/PID.
std::uint64_t number(pid_t pid, const std::string& file, const std::string& name) {
  std::istringstream lines(support::read_file("/proc/" + std::to_string(pid) + "/" + file));
  std::string word;
  while (lines >> word) {
    std::uint64_t value = 0;
    if (word == name + ":" && lines >> value) return value;
  }
  throw std::runtime_error("no " + name + " of process " + std::to_string(pid));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::uint64_t resident_bytes(pid_t pid) {
  return number(pid, "status", "VmRSS") * 1024;
}

std::uint64_t most_resident_bytes(pid_t pid) {
  return number(pid, "status", "VmHWM") * 1024;
}

std::uint64_t written_bytes(pid_t pid) {
  return number(pid, "io", "write_bytes");
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    throw std::runtime_error("no CPU time of process " + std::to_string(pid));
  }
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace fieldpost::bench
