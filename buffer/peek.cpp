#include "buffer/peek.h"

#include <unistd.h>

#include <system_error>

#include "buffer/buffer_refused.h"
#include "buffer/files.h"

namespace fieldpost {

template <typename Read>
auto Peek::guarded(Read read) {
  try {
    return read();
  } catch (const sqlite::Error& error) {
    if (error.damage()) {
      throw PeekError(path_ + ": " + error.what() + "; the file is damaged: the agent sets it aside when it starts");
    }
    // SQLite needs the -wal and -shm of a running agent, or must be able to make them.
    const bool may_write = ::access(path_.c_str(), W_OK) == 0;
    throw PeekError(path_ + ": " + error.what() + (may_write ? "" : "; while no agent runs, look as root"));
  } catch (const std::system_error& error) {
    throw PeekError(path_ + ": " + error.code().message() +
                    "; look as root or as a member of the service's group, at the file that buffer.path names");
  }
}

Peek::Peek(const std::string& path) : path_(path) {
  guarded([&] {
    FileKind kind = FileKind::absent;
    try {
      kind = look_at(path);
    } catch (const BufferRefused& refused) {
      throw PeekError(refused.what());
    }
    if (kind == FileKind::absent) {
      throw PeekError(path + ": no buffer there; no agent has run with this buffer.path yet");
    }
    if (kind == FileKind::foreign) {
      throw PeekError(path + ": not a buffer of fieldpost; the agent sets it aside when it starts");
    }
    reader_.emplace(path);
  });
}

StoredState Peek::state() {
  return guarded([&] {
    StoredState state;
    state.account = reader_->account();
    state.last = reader_->last_session();
    state.disk_bytes = disk_use(path_).all();
    for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
      const auto row = reader_->next(lane, 0);
      if (!row || !row->batch) continue;
      const std::int64_t wall = row->batch->first().wall;
      if (!state.oldest || wall < *state.oldest) state.oldest = wall;
    }
    return state;
  });
}

std::optional<StoredRow> Peek::next(std::optional<Lane> lane, std::int64_t after) {
  return guarded([&] { return reader_->next(lane, after); });
}

std::optional<StoredRow> Peek::previous(std::optional<Lane> lane, std::int64_t before) {
  return guarded([&] { return reader_->previous(lane, before); });
}

std::optional<StoredRejection> Peek::next_rejected(std::int64_t after) {
  return guarded([&] { return reader_->next_rejected(after); });
}

std::optional<SessionInfo> Peek::session(std::uint64_t id) {
  return guarded([&] { return reader_->session(id); });
}

}  // namespace fieldpost
