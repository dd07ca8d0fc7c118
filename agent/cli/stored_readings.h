// Walks the waiting readings of a database, row by row, so that the longest backlog costs no memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "agent/cli/selection.h"
#include "buffer/peek.h"

namespace fieldpost::cli {

/// One waiting reading; the views hold as long as the call that gets it.
struct StoredReading {
  const SessionInfo& session;
  std::uint64_t seq;
  Lane lane;
  const Layout& layout;
  std::size_t point;  // in the layout
  const Stamp& stamp;
  const ValueView& value;
};

/// Oldest first. Rows that the agent deletes meanwhile are left out. Every member throws PeekError.
class StoredReadings {
 public:
  using Show = std::function<void(const StoredReading&)>;

  /// Both outlive it. Where only the last are wanted, this looks for the first of them.
  StoredReadings(Peek& peek, const Selection& selection);

  /// Calls show for every reading of the next row that is wanted; false: there is no further row as yet.
  bool next_row(const Show& show);

  std::uint64_t shown() const { return shown_; }
  /// Readings in rows that cannot be decoded.
  std::uint64_t damaged() const { return damaged_; }
  /// Readings in the rows walked so far, and in all that were there at the start: how far the walk has come.
  std::uint64_t walked() const { return walked_; }
  std::uint64_t total() const { return total_; }

 private:
  void seek_last();
  std::uint64_t matching(const StoredRow& row) const;
  void show_row(const StoredRow& row, const Show& show);

  Peek& peek_;
  const Selection& selection_;
  std::int64_t after_ = 0;
  std::uint64_t skip_ = 0;  // wanted readings in front of the last ones, in the row where these begin
  SessionInfo session_;
  std::uint64_t shown_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t walked_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace fieldpost::cli
