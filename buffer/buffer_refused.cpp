#include "buffer/buffer_refused.h"

#include "buffer/schema.h"

namespace fieldpost {

BufferRefused newer_version(const std::string& path, std::int64_t version) {
  return BufferRefused(path + ": written by a newer fieldpost (format " + std::to_string(version) +
                       ", this one knows up to " + std::to_string(kSchemaVersion) +
                       "); the file is untouched: run the newer version, or name another buffer.path");
}

BufferRefused locked(const std::string& path, const std::string& holder) {
  return BufferRefused(path + ": in use by another agent" + (holder.empty() ? "" : " (process " + holder + ")") +
                       "; stop that one, or give this one a buffer.path of its own");
}

}  // namespace fieldpost
