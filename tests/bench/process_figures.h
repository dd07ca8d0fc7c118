// What the kernel counts of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace fieldpost::bench {

/// The resident set in bytes, the shared libraries' pages in it; and the most that it has been.
std::uint64_t resident_bytes(pid_t pid);
std::uint64_t most_resident_bytes(pid_t pid);

/// Bytes that the process has caused to be written to a disk (proc(5), io, write_bytes).
std::uint64_t written_bytes(pid_t pid);

/// User and system, in seconds, of this process or of another.
double cpu_seconds();
double cpu_seconds(pid_t pid);

}  // namespace fieldpost::bench
