#include "buffer/tail.h"

#include <algorithm>
#include <utility>

namespace fieldpost {
namespace {

bool before_in_list(const EntryPtr& a, const EntryPtr& b) {
  return before(*a, *b);
}

Moment moment_of(const Entry& entry) {
  return {entry.batch->first(), entry.batch->boot()};
}

}  // namespace

bool before(const Entry& a, const Entry& b) {
  if (a.row != 0 && b.row != 0) return a.row < b.row;
  if (a.row != 0 || b.row != 0) return a.row != 0;
  return a.place < b.place;
}

void OnDisk::take(std::uint64_t gone_readings, std::uint64_t gone_bytes) {
  readings -= std::min(readings, gone_readings);
  bytes -= std::min(bytes, gone_bytes);
  if (readings == 0) bytes = 0;
}

void Tail::put(const EntryPtr& entry, Stand stand) {
  entry->stand = stand;
  Entries& entries = list(stand);
  entries.insert(std::upper_bound(entries.begin(), entries.end(), entry, before_in_list), entry);
}

void Tail::remove(const EntryPtr& entry) {
  Entries& entries = list(entry->stand);
  entries.erase(std::find(entries.begin(), entries.end(), entry));
}

EntryPtr Tail::add(Batch batch, Stand stand) {
  auto entry = std::make_shared<Entry>();
  entry->batch = std::make_shared<const Batch>(std::move(batch));
  entry->place = next_place_++;
  entry->backlog = stand == Stand::unparked;
  put(entry, stand);
  return entry;
}

void Tail::close_open() {
  if (open.empty()) return;
  add(open.close(), Stand::closed)->held = open_held;
  open_held = false;
}

void Tail::begin_live() {
  close_open();
  live_from_ = next_place_;
}

std::uint64_t Tail::parked_readings() const {
  std::uint64_t readings = parked.readings;
  for (const EntryPtr& entry : list(Stand::parked))
    readings += entry->batch->readings();
  return readings;
}

void Tail::unpark() {
  end_live_at_parked();
  for (const EntryPtr& entry : std::exchange(list(Stand::parked), {}))
    put(entry, Stand::unparked);
  if (parked.readings == 0) return;
  const auto first = static_cast<std::int64_t>(parked_rows.first());
  if (body.readings == 0 || first <= cursor) {
    cursor = first - 1;
    body.first = parked.first;
  }
  body.readings += parked.readings;
  body.bytes += parked.bytes;
  parked = {};
  parked_rows = {};
  ++departures;
}

void Tail::leave_to_body(const Entry& entry) {
  if (body.readings == 0 || entry.row <= cursor) {
    cursor = entry.row - 1;
    body.first = moment_of(entry);
  }
  ++departures;
  body.readings += entry.batch->readings();
  body.bytes += entry.batch->bytes();
}

void Tail::leave_to_parked(const Entry& entry) {
  if (parked.readings == 0 || entry.row < static_cast<std::int64_t>(parked_rows.first())) {
    parked.first = moment_of(entry);
  }
  ++departures;
  parked_rows.add(range_of(entry.row));
  parked.readings += entry.batch->readings();
  parked.bytes += entry.batch->bytes();
}

std::optional<std::int64_t> Tail::first_row() const {
  std::optional<std::int64_t> first;
  if (body.readings > 0) first = cursor + 1;
  if (parked.readings > 0) first = std::min(first.value_or(INT64_MAX), static_cast<std::int64_t>(parked_rows.first()));
  return first;
}

bool Tail::in_ram(std::int64_t row) const {
  bool found = false;
  each([&](const EntryPtr& entry) { found = found || entry->row == row; });
  return found;
}

EntryPtr Tail::next(std::optional<bool> live_only) const {
  EntryPtr first;
  const auto look = [&](const Entries& entries, const auto& from) {
    const auto found = std::find_if(from, entries.end(),
                                    [&](const EntryPtr& entry) { return !live_only || live(*entry) == *live_only; });
    if (found != entries.end() && (!first || before(**found, *first))) first = *found;
  };
  look(list(Stand::again), list(Stand::again).begin());
  const Entries& closed = list(Stand::closed);
  auto from = closed.begin();
  if (live_only.value_or(false)) {
    from = std::partition_point(from, closed.end(), [this](const EntryPtr& entry) { return !live(*entry); });
  } else {
    look(list(Stand::unparked), list(Stand::unparked).begin());
  }
  look(closed, from);
  return first;
}

std::vector<EntryPtr> Tail::ordered() const {
  std::vector<EntryPtr> all;
  each([&all](const EntryPtr& entry) { all.push_back(entry); });
  std::sort(all.begin(), all.end(), before_in_list);
  return all;
}

}  // namespace fieldpost
