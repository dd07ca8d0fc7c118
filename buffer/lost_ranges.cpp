#include "buffer/lost_ranges.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "buffer/evicted_ranges.h"

namespace fieldpost {
namespace {

std::size_t number_of(Lane lane) {
  return static_cast<std::size_t>(lane);
}

bool unseen_between(const SeqSet& unseen, std::int64_t after, std::int64_t before) {
  return before - after > 1 &&
         unseen.overlaps({static_cast<std::uint64_t>(after + 1), static_cast<std::uint64_t>(before - 1)});
}

}  // namespace

void LostRanges::add(const StoredRow& row, const SeqSet& unseen) {
  found_[number_of(row.lane)] += row.readings;
  StoredRow columns = row;
  columns.batch = nullptr;
  const Line line{row.session, row.lane};
  const auto [at, fresh] = lines_.try_emplace(line, Ends{columns, columns});
  if (!fresh) {
    const StoredRow& before = at->second.last;
    if (before.range.last + 1 < row.range.first && unseen_between(unseen, before.id, row.id)) {
      (row.id - 1 <= counted_ ? gaps_ : uncounted_gaps_)
          .push_back({line, {before.range.last + 1, row.range.first - 1}});
    }
    at->second.last = columns;
  }
  if (!row.batch) {
    damaged_.push_back(columns);
    return;
  }
  for (const SeqRange& range : row.batch->ranges())
    held_[row.session].add(range);
}

bool LostRanges::follows(const StoredRow& row) const {
  if (lines_.empty()) return true;
  const auto before = lines_.find({row.session, row.lane});
  if (before != lines_.end() && row.range.first <= before->second.last.range.last) return false;
  return row.session >= lines_.rbegin()->first.first;
}

/// What has been told of so far.
class LostRanges::Told {
 public:
  explicit Told(const std::map<std::uint64_t, SeqSet>& held) : known_(held) {}

  /// Tells that so many of these seqs are lost, or all that can be; how many that were.
  std::uint64_t tell(const Line& line, SeqRange seqs, std::uint64_t readings) {
    const SeqSet lost = unknown(line, seqs);
    const std::uint64_t count = std::min(lost.count(), readings);
    if (lost.empty()) return 0;
    const std::vector<SeqRange> ranges = lost.ranges();
    if (count < lost.count()) {
      add(line, {ranges.front().first, ranges.back().last}, count);
      return count;
    }
    for (const SeqRange& range : ranges) {
      add(line, range, range.count());
      known_[line.first].add(range);
    }
    return count;
  }

  /// How many seqs of the lane's gaps nothing else is known of.
  std::uint64_t count(const std::vector<Gap>& gaps, Lane lane) const {
    std::uint64_t count = 0;
    for (const Gap& gap : gaps)
      count += gap.line.second == lane ? unknown(gap.line, gap.seqs).count() : 0;
    return count;
  }

  /// Of each gap of the lane all, or where that is more than `left`, a part in proportion, and be it none: any of them
  /// may be where readings were lost. Takes it from `left`.
  void tell_all(const std::vector<Gap>& gaps, Lane lane, std::optional<std::uint64_t>& left) {
    if (left && *left == 0) return;
    std::uint64_t total = count(gaps, lane);
    for (const Gap& gap : gaps) {
      if (gap.line.second != lane) continue;
      const std::uint64_t all = unknown(gap.line, gap.seqs).count();
      std::uint64_t share = all;
      if (left && total > *left) {
        const double part = static_cast<double>(*left) / static_cast<double>(total);
        share = std::min(*left, static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * part)));
      }
      total -= std::min(total, all);
      const std::uint64_t told = tell(gap.line, gap.seqs, share);
      if (left) *left -= told;
    }
  }

  std::vector<EvictedRange> take() {
    std::sort(all_.begin(), all_.end(), [](const EvictedRange& a, const EvictedRange& b) {
      return std::tuple(a.session, a.lane, a.range.first) < std::tuple(b.session, b.lane, b.range.first);
    });
    EvictedRanges ranges;
    for (EvictedRange& range : all_)
      ranges.add(std::move(range));
    return ranges.take();
  }

 private:
  SeqSet unknown(const Line& line, SeqRange seqs) const {
    SeqSet set;
    set.add(seqs);
    if (const auto known = known_.find(line.first); known != known_.end()) {
      for (const SeqRange& range : known->second.ranges())
        set.remove(range);
    }
    return set;
  }
  void add(const Line& line, SeqRange seqs, std::uint64_t readings) {
    all_.push_back({line.second, line.first, seqs, readings, "damage", 0});
  }

  std::map<std::uint64_t, SeqSet> known_;
  std::vector<EvictedRange> all_;
};

std::vector<EvictedRange> LostRanges::all(const SeqSet& unseen, const std::vector<StoredSession>& sessions,
                                          const std::optional<StoredAccount>& account) const {
  std::array<std::optional<std::uint64_t>, 2> left;  // that the account still misses
  if (account) {
    left = {account->waiting_alarm, account->waiting_telemetry};
    for (std::size_t lane = 0; lane < left.size(); ++lane)
      *left[lane] -= std::min(*left[lane], found_[lane]);
  }
  Told told(held_);
  for (const StoredRow& row : damaged_)
    told.tell({row.session, row.lane}, row.range, row.readings);
  for (const Lane lane : {Lane::telemetry, Lane::alarm}) {
    std::optional<std::uint64_t> any;
    told.tell_all(uncounted_gaps_, lane, any);
  }
  const std::vector<Gap> open = account ? open_gaps(unseen, sessions) : std::vector<Gap>();
  std::vector<Gap> all = gaps_;
  all.insert(all.end(), open.begin(), open.end());
  // Most readings are telemetry: what may have been of either lane is taken for it.
  for (const Lane lane : {Lane::telemetry, Lane::alarm}) {
    std::optional<std::uint64_t>& readings = left[number_of(lane)];
    // More seqs between readable rows than readings are missing: some were delivered, nobody knows which.
    if (readings && told.count(gaps_, lane) > *readings) {
      told.tell_all(all, lane, readings);
    } else {
      told.tell_all(gaps_, lane, readings);
      told.tell_all(open, lane, readings);
    }
  }
  return told.take();
}

// What has a readable row on one side at most: its other end is that of the session.
std::vector<LostRanges::Gap> LostRanges::open_gaps(const SeqSet& unseen,
                                                   const std::vector<StoredSession>& sessions) const {
  std::map<std::uint64_t, std::uint64_t> last;  // seq known of each session
  for (const StoredSession& session : sessions)
    last[session.info.id] = session.last;
  for (const auto& [line, ends] : lines_)
    last.try_emplace(line.first, 0);

  // Rows of a session stand behind those of earlier ones, and before those of later ones.
  std::map<std::uint64_t, std::int64_t> behind;
  std::map<std::uint64_t, std::int64_t> before;
  std::int64_t id = 0;
  auto line = lines_.begin();
  for (const auto& [session, seq] : last) {
    behind[session] = id;
    for (; line != lines_.end() && line->first.first == session; ++line)
      id = std::max(id, line->second.last.id);
  }
  id = INT64_MAX;
  auto back = lines_.rbegin();
  for (auto session = last.rbegin(); session != last.rend(); ++session) {
    before[session->first] = id;
    for (; back != lines_.rend() && back->first.first == session->first; ++back)
      id = std::min(id, back->second.first.id);
  }

  std::vector<Gap> open;
  for (const auto& [session, seq] : last) {
    for (const Lane lane : {Lane::telemetry, Lane::alarm}) {
      const auto at = lines_.find({session, lane});
      if (at == lines_.end()) {
        if (unseen_between(unseen, behind[session], before[session])) open.push_back({{session, lane}, {1, seq}});
        continue;
      }
      const auto& [first_row, last_row] = at->second;
      if (last_row.range.last < seq && unseen_between(unseen, last_row.id, before[session])) {
        open.push_back({at->first, {last_row.range.last + 1, seq}});
      }
      if (first_row.range.first > 1 && unseen_between(unseen, behind[session], first_row.id)) {
        open.push_back({at->first, {1, first_row.range.first - 1}});
      }
    }
  }
  return open;
}

}  // namespace fieldpost
