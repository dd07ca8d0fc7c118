#include "buffer/batch.h"

#include <zlib.h>

#include <cstring>

#include "buffer/batch_v1.h"
#include "buffer/batch_value.h"

namespace fieldpost {
namespace {

constexpr std::uint8_t kVersion = 2;

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

void extend(std::vector<SeqRange>& ranges, std::uint64_t first, std::uint64_t count) {
  if (!ranges.empty() && ranges.back().last + 1 == first) {
    ranges.back().last += count;
  } else {
    ranges.push_back({first, first + count - 1});
  }
}

// A payload's own time may be anywhere: the difference wraps, and the reader's sum wraps back.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

std::optional<std::string_view> checked(std::string_view stored) {
  if (stored.size() <= kChecksumBytes) return std::nullopt;
  const std::string_view body = stored.substr(0, stored.size() - kChecksumBytes);
  wire::Cursor tail(stored.substr(body.size()));
  if (tail.word<std::uint32_t>() != checksum(body)) return std::nullopt;
  return body;
}

// --- reading ---

BatchReader::BatchReader(const Batch& batch)
    : cursor_(batch.groups()), layouts_(batch.layouts()), met_(layouts_.size(), false) {
  places_.reserve(layouts_.size());
  std::size_t points = 0;
  for (const Layout& layout : layouts_) {
    places_.push_back(static_cast<std::uint32_t>(points));
    points += layout.points().size();
  }
  latest_.resize(points);
}

bool BatchReader::fail() {
  cursor_ = wire::Cursor({});
  cursor_.byte();  // marks it as failed
  return false;
}

bool BatchReader::next() {
  if (cursor_.at_end()) return false;
  const std::uint64_t number = cursor_.varint();
  if (number >= layouts_.size()) return fail();
  current_ = number;
  const std::uint64_t gap = cursor_.varint();
  stamp_.synchronised = (gap & 1) == 0;
  first_seq_ = next_seq_ + (gap >> 1);
  stamp_.wall = sum(stamp_.wall, cursor_.signed_varint());
  stamp_.boot = sum(stamp_.boot, cursor_.signed_varint());
  const std::span<ValueView> values(latest_.data() + places_[number], layouts_[number].points().size());
  for (ValueView& value : values) {
    const ValueRead read = read_value(cursor_, value);
    if (read == ValueRead::damaged || !cursor_.ok() || (read == ValueRead::repeated && !met_[number])) return fail();
  }
  met_[number] = true;
  values_ = values;
  next_seq_ = first_seq_ + values.size();
  return true;
}

bool Batch::check(std::uint64_t readings) {
  BatchReader reader(*this);
  while (reader.next()) {
    const std::uint64_t count = reader.values().size();
    const std::uint64_t first = reader.first_seq();
    if (first + count < first || (!ranges_.empty() && first <= ranges_.back().last)) return false;
    if (readings_ == 0) first_ = reader.stamp();
    last_ = reader.stamp();
    extend(ranges_, first, count);
    readings_ += count;
  }
  return reader.cursor_.ok() && readings_ == readings && readings > 0;
}

std::optional<Batch> Batch::parse(std::string_view stored, const NamesByNumber& names) {
  const std::optional<std::string_view> body = checked(stored);
  if (!body) return std::nullopt;
  wire::Cursor header(*body);
  const std::uint8_t version = header.byte();
  if (version == 1) return parse_v1(*body);
  if (version != kVersion) return std::nullopt;
  Batch batch;
  const std::uint8_t lane = header.byte();
  if (lane > static_cast<std::uint8_t>(Lane::telemetry)) return std::nullopt;
  batch.lane_ = static_cast<Lane>(lane);
  batch.boot_ = header.word<std::uint64_t>();
  batch.session_ = header.varint();
  const std::uint64_t readings = header.varint();
  const std::uint64_t layouts = header.varint();
  if (!header.ok() || layouts > header.left()) return std::nullopt;
  batch.layouts_.reserve(layouts);
  for (std::uint64_t i = 0; i < layouts; ++i) {
    const std::uint64_t number = header.varint();
    std::optional<Layout> layout = header.ok() ? names(number) : std::nullopt;
    if (!layout) return std::nullopt;
    batch.layouts_.push_back(std::move(*layout));
  }
  batch.groups_ = body->substr(body->size() - header.left());
  if (!batch.check(readings)) return std::nullopt;
  return batch;
}

std::string Batch::stored(std::span<const std::uint64_t> numbers) const {
  std::string out;
  out.reserve(groups_.size() + 32 + 3 * numbers.size());
  out.push_back(static_cast<char>(kVersion));
  out.push_back(static_cast<char>(lane_));
  wire::put_word(out, boot_);
  wire::put_varint(out, session_);
  wire::put_varint(out, readings_);
  wire::put_varint(out, numbers.size());
  for (const std::uint64_t number : numbers)
    wire::put_varint(out, number);
  out.append(groups_);
  wire::put_word(out, checksum(out));
  return out;
}

// --- building ---

template <typename AnyValue>
void BatchBuilder::add_group(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq,
                             std::span<const AnyValue> values) {
  const auto [number, added] = numbers_.try_emplace(layout.identity(), known_.size());
  if (added) known_.push_back({layout, {}});
  wire::put_varint(groups_, number->second);
  wire::put_varint(groups_, (first_seq - next_seq_) << 1 | (stamp.synchronised ? 0U : 1U));
  wire::put_signed(groups_, difference(stamp.wall, last_.wall));
  wire::put_signed(groups_, difference(stamp.boot, last_.boot));
  if (readings_ == 0) first_ = stamp;
  last_ = stamp;
  next_seq_ = first_seq + values.size();
  readings_ += values.size();
  extend(ranges_, first_seq, values.size());

  std::vector<std::uint32_t>& last = known_[number->second].last;
  last.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = groups_.size();
    std::visit(ValueWriter{groups_}, values[i]);
    const std::size_t size = groups_.size() - at;
    // No encoded value begins another one: as many equal bytes are the same value.
    if (!added && size > 1 && std::memcmp(groups_.data() + last[i], groups_.data() + at, size) == 0) {
      groups_.resize(at);
      put_repetition(groups_);
    } else {
      last[i] = static_cast<std::uint32_t>(at);
    }
  }
}

void BatchBuilder::add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq,
                       std::span<const Value> values) {
  add_group(layout, stamp, first_seq, values);
}

void BatchBuilder::add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq,
                       std::span<const ValueView> values) {
  add_group(layout, stamp, first_seq, values);
}

void BatchBuilder::add(const Batch& batch) {
  for (BatchReader reader(batch); reader.next();)
    add_group(reader.layout(), reader.stamp(), reader.first_seq(), reader.values());
}

Batch BatchBuilder::close() {
  Batch batch;
  batch.groups_ = groups_;  // a copy, of the size that is needed; the builder keeps its room
  batch.layouts_.reserve(known_.size());
  for (Known& known : known_)
    batch.layouts_.push_back(std::move(known.layout));
  batch.session_ = session_;
  batch.lane_ = lane_;
  batch.boot_ = boot_;
  batch.readings_ = readings_;
  batch.ranges_ = std::move(ranges_);
  batch.first_ = first_;
  batch.last_ = last_;

  groups_.clear();
  numbers_.clear();
  known_.clear();
  readings_ = 0;
  next_seq_ = 0;
  ranges_.clear();
  last_ = {};
  return batch;
}

}  // namespace fieldpost
