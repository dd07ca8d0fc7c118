// Walks the waiting readings of a database, row by row, so that the longest backlog costs no memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "buffer/peek.h"

namespace fieldpost::cli {

/// One waiting reading; the views hold as long as the call that gets it.
struct StoredReading {
  const SessionInfo& session;
  std::uint64_t seq;
  Lane lane;
  const LayoutView& layout;
  std::size_t point;  // in the layout
  const Stamp& stamp;
  const ValueView& value;
};

struct Selection {
  std::optional<Lane> lane;
  std::string device;               // empty: every one
  std::optional<std::size_t> last;  // only so many, the newest
};

struct Walked {
  std::uint64_t shown = 0;
  std::uint64_t damaged = 0;  // readings in rows that cannot be decoded
};

/// Oldest first. Rows that the agent deletes meanwhile are left out. Throws PeekError.
Walked walk(Peek& peek, const Selection& selection, const std::function<void(const StoredReading&)>& show);

}  // namespace fieldpost::cli
