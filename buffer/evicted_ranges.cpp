#include "buffer/evicted_ranges.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace fieldpost {
namespace {

// While neither the disk nor Kafka takes anything, the list is all there is, and stays small: beyond this many, a range
// takes in the gap before it, and its number of readings says how many were given up.
constexpr std::size_t kMostRanges = 1000;
// A record of Kafka stays far below its usual limit.
constexpr std::size_t kRangesInEvent = 200;

bool same_kind(const EvictedRange& a, const EvictedRange& b) {
  return a.lane == b.lane && a.reason == b.reason;
}

std::string members_of(const EvictedRange* first, const EvictedRange* last) {
  std::uint64_t readings = 0;
  std::string ranges;
  for (const EvictedRange* range = first; range != last; ++range) {
    readings += range->readings;
    if (range->range.count() == 0) continue;  // of unknown seqs
    ranges += (ranges.empty() ? "" : ",");
    ranges += "{\"session\":" + std::to_string(range->session) + ",\"from\":" + std::to_string(range->range.first) +
              ",\"to\":" + std::to_string(range->range.last) + "}";
  }
  return "\"value\":" + std::to_string(readings) + ",\"ranges\":[" + ranges + "],\"lane\":\"" +
         (first->lane == Lane::alarm ? "alarm" : "telemetry") + "\",\"reason\":\"" + first->reason + "\"";
}

}  // namespace

bool extend(EvictedRange& range, const EvictedRange& next) {
  const bool goes_on = same_kind(range, next) && range.session == next.session && range.range.count() > 0 &&
                       range.range.last + 1 == next.range.first;
  if (!goes_on) return false;
  range.range.last = next.range.last;
  range.readings += next.readings;
  range.time = next.time;
  return true;
}

void EvictedRanges::add(EvictedRange range) {
  if (!ranges_.empty() && extend(ranges_.back(), range)) return;
  if (ranges_.size() >= kMostRanges) {
    EvictedRange& last = ranges_.back();
    if (same_kind(last, range) && last.session == range.session && last.range.last < range.range.first) {
      last.range.last = range.range.last;
      last.readings += range.readings;
      return;
    }
  }
  ranges_.push_back(std::move(range));
}

void EvictedRanges::prepend(EvictedRanges earlier) {
  for (EvictedRange& range : ranges_)
    earlier.add(std::move(range));
  ranges_ = std::move(earlier.ranges_);
}

std::vector<EvictedRange> EvictedRanges::take() {
  return std::exchange(ranges_, {});
}

std::vector<Event> events_of(const std::vector<EvictedRange>& ranges) {
  std::vector<Event> events;
  const EvictedRange* const end = ranges.data() + ranges.size();
  for (const EvictedRange* first = ranges.data(); first != end;) {
    const EvictedRange* last = first + 1;
    while (last != end && same_kind(*first, *last) && last - first < static_cast<std::ptrdiff_t>(kRangesInEvent))
      ++last;
    events.push_back({members_of(first, last)});
    first = last;
  }
  return events;
}

std::vector<EvictedRange> ranges_of(const EventView& event) try {
  const auto members = nlohmann::json::parse("{" + std::string(event.members) + "}");
  std::uint64_t left = members.at("value");
  const Lane lane = members.at("lane") == "alarm" ? Lane::alarm : Lane::telemetry;
  const std::string reason = members.at("reason");
  std::vector<EvictedRange> ranges;
  for (const auto& range : members.at("ranges")) {
    const SeqRange seqs{range.at("from"), range.at("to")};
    const std::uint64_t readings = std::min(left, seqs.count());
    left -= readings;
    ranges.push_back({lane, range.at("session"), seqs, readings, reason, 0});
  }
  if (left > 0) ranges.push_back({lane, 0, {}, left, reason, 0});  // of unknown seqs
  return ranges;
} catch (const nlohmann::json::exception&) {
  return {};
}

}  // namespace fieldpost
