// A look into the database, whether an agent runs or not. It never writes, and each call is one short read transaction,
// so that the writer and the shrinking of its files never wait for a looker.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "buffer/store.h"

namespace fieldpost {

/// what() is one clear line with the file, what is wrong and what to do.
class PeekError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct StoredState {
  StoredAccount account;
  std::optional<StoredSession> last;  // the newest session
  std::uint64_t disk_bytes = 0;
  std::optional<std::int64_t> oldest;  // wall time in microseconds of the oldest waiting reading
};

/// One thread at a time. Every member throws PeekError.
class Peek {
 public:
  explicit Peek(const std::string& path);

  StoredState state();
  /// The first row behind `after` (0: of all), or the last one before `before`; of one lane or of any.
  std::optional<StoredRow> next(std::optional<Lane> lane, std::int64_t after);
  std::optional<StoredRow> previous(std::optional<Lane> lane, std::int64_t before);
  /// The first rejected reading behind `after`, by its row.
  std::optional<StoredRejection> next_rejected(std::int64_t after);
  std::optional<SessionInfo> session(std::uint64_t id);

 private:
  template <typename Read>
  auto guarded(Read read);

  std::string path_;
  std::optional<StoreReader> reader_;
};

}  // namespace fieldpost
