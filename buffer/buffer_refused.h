// The reasons for which a buffer stops a start.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace fieldpost {

/// Another agent holds the lock, or the file is of a newer version. what() is one clear line.
class BufferRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

BufferRefused newer_version(const std::string& path, std::int64_t version);
BufferRefused locked(const std::string& path, const std::string& holder);

}  // namespace fieldpost
