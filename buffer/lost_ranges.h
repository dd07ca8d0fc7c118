// What of the waiting readings a damaged database has lost, worked out from the rows that could be read. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "buffer/seq_set.h"
#include "buffer/store.h"

namespace fieldpost {

class LostRanges {
 public:
  /// `counted`: the rows above it are not in the account (FORMAT.md, "Tables"), unless they are added here.
  explicit LostRanges(std::int64_t counted = INT64_MAX) : counted_(counted) {}

  /// Each row that was found, ascending by id; one without a batch counts as lost, by its columns. `unseen`: ids of
  /// which it is not known whether there were rows.
  void add(const StoredRow& row, const SeqSet& unseen);

  /// Whether the row's columns can be those of a row behind all that were added: sessions and the seqs of a lane only
  /// grow. Readings that were rejected and tried again are an exception, and the only one.
  bool follows(const StoredRow& row) const;

  /// Readings that are accounted for in another way.
  void exclude(std::uint64_t session, const SeqRange& range) { held_[session].add(range); }

  /// After the last row. Ranges are exact where a row's columns, or both rows beside the lost ones, could be read.
  /// Where the account is known, `readings` add up to what it says at most, and what was lost before the first or
  /// behind the last readable row of a session and lane is told of as well, by the widest range that it can have had. A
  /// range of no readings is one that may have lost some.
  std::vector<EvictedRange> all(const SeqSet& unseen, const std::vector<StoredSession>& sessions,
                                const std::optional<StoredAccount>& account) const;

 private:
  using Line = std::pair<std::uint64_t, Lane>;  // session, lane
  struct Ends {
    StoredRow first;  // without their batches
    StoredRow last;
  };
  struct Gap {
    Line line;
    SeqRange seqs;
  };
  class Told;

  std::vector<Gap> open_gaps(const SeqSet& unseen, const std::vector<StoredSession>& sessions) const;

  std::int64_t counted_;
  std::map<Line, Ends> lines_;
  std::map<std::uint64_t, SeqSet> held_;  // by session: seqs that are not lost
  std::vector<StoredRow> damaged_;
  std::vector<Gap> gaps_;            // between readable rows
  std::vector<Gap> uncounted_gaps_;  // those of them that the account need not cover
  std::array<std::uint64_t, 2> found_{};
};

}  // namespace fieldpost
