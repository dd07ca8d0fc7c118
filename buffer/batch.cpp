#include "buffer/batch.h"

#include <zlib.h>

#include <bit>

namespace fieldpost {
namespace {

constexpr std::uint8_t kVersion = 1;

// The tags of FORMAT.md, "value". They are on disks in the field: never change one, only add.
enum Tag : std::uint8_t {
  tag_bad = 0,
  tag_false = 1,
  tag_true = 2,
  tag_signed = 3,
  tag_unsigned = 4,
  tag_float = 5,
  tag_double = 6,
  tag_text = 7,
};

struct ValueWriter {
  std::string& out;

  void tag(Tag value) const { out.push_back(static_cast<char>(value)); }
  void text(Tag value, std::string_view string) const {
    tag(value);
    wire::put_string(out, string);
  }
  void operator()(const Bad& bad) const { text(tag_bad, bad.reason); }
  void operator()(const BadView& bad) const { text(tag_bad, bad.reason); }
  void operator()(bool value) const { tag(value ? tag_true : tag_false); }
  void operator()(std::int64_t value) const {
    tag(tag_signed);
    wire::put_signed(out, value);
  }
  void operator()(std::uint64_t value) const {
    tag(tag_unsigned);
    wire::put_varint(out, value);
  }
  void operator()(float value) const {
    tag(tag_float);
    wire::put_word(out, std::bit_cast<std::uint32_t>(value));
  }
  void operator()(double value) const {
    tag(tag_double);
    wire::put_word(out, std::bit_cast<std::uint64_t>(value));
  }
  void operator()(const std::string& value) const { text(tag_text, value); }
  void operator()(std::string_view value) const { text(tag_text, value); }
};

/// False where the tag is none.
bool read_value(wire::Cursor& cursor, ValueView& value) {
  switch (cursor.byte()) {
    case tag_bad:
      value = BadView{cursor.string()};
      return true;
    case tag_false:
      value = false;
      return true;
    case tag_true:
      value = true;
      return true;
    case tag_signed:
      value = cursor.signed_varint();
      return true;
    case tag_unsigned:
      value = cursor.varint();
      return true;
    case tag_float:
      value = std::bit_cast<float>(cursor.word<std::uint32_t>());
      return true;
    case tag_double:
      value = std::bit_cast<double>(cursor.word<std::uint64_t>());
      return true;
    case tag_text:
      value = cursor.string();
      return true;
    default:
      return false;
  }
}

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

std::string encode_layout(std::string_view source, std::string_view device, std::span<const PointView> points) {
  std::string out;
  wire::put_string(out, source);
  wire::put_string(out, device);
  wire::put_varint(out, points.size());
  for (const PointView& point : points) {
    wire::put_string(out, point.name);
    wire::put_string(out, point.unit);
  }
  return out;
}

Layout::Layout(std::string source, std::string device, std::vector<PointName> points, Lane lane)
    : source_(std::move(source)), device_(std::move(device)), points_(std::move(points)), lane_(lane) {
  std::vector<PointView> views;
  views.reserve(points_.size());
  for (const PointName& point : points_)
    views.push_back({point.name, point.unit});
  encoded_ = encode_layout(source_, device_, views);
}

// --- reading ---

BatchReader::BatchReader(const Batch& batch) : BatchReader(batch.groups()) {}

bool BatchReader::read_layout() {
  const std::string_view encoded = cursor_.string();
  wire::Cursor names(encoded);
  LayoutView layout{encoded, names.string(), names.string(), {}};
  const std::uint64_t points = names.varint();
  // A point takes two bytes at least: a count beyond that is damage, and must not reserve memory.
  if (points == 0 || points > names.left() / 2) return false;
  layout.points.reserve(points);
  for (std::uint64_t i = 0; i < points; ++i)
    layout.points.push_back({names.string(), names.string()});
  if (!names.ok() || !names.at_end()) return false;
  layouts_.push_back(std::move(layout));
  return true;
}

bool BatchReader::next() {
  if (cursor_.at_end()) return false;
  const std::uint64_t number = cursor_.varint();
  if (number > layouts_.size() || (number == layouts_.size() && !read_layout())) {
    cursor_ = wire::Cursor({});
    cursor_.byte();  // marks it as failed
    return false;
  }
  current_ = number;
  first_seq_ = next_seq_ + cursor_.varint();
  stamp_.wall = sum(stamp_.wall, cursor_.signed_varint());
  stamp_.boot = sum(stamp_.boot, cursor_.signed_varint());
  const std::size_t points = layouts_[number].points.size();
  values_.resize(points);
  for (std::size_t i = 0; i < points; ++i) {
    if (!read_value(cursor_, values_[i]) || !cursor_.ok()) {
      cursor_ = wire::Cursor({});
      cursor_.byte();
      return false;
    }
  }
  next_seq_ = first_seq_ + points;
  return true;
}

std::optional<Batch> Batch::parse(std::string stored) {
  if (stored.size() < kChecksumBytes) return std::nullopt;
  const std::string_view body(stored.data(), stored.size() - kChecksumBytes);
  wire::Cursor tail(std::string_view(stored).substr(body.size()));
  if (tail.word<std::uint32_t>() != checksum(body)) return std::nullopt;

  Batch batch;
  wire::Cursor header(body);
  if (header.byte() != kVersion) return std::nullopt;
  const std::uint8_t lane = header.byte();
  if (lane > static_cast<std::uint8_t>(Lane::telemetry)) return std::nullopt;
  batch.lane_ = static_cast<Lane>(lane);
  batch.session_ = header.varint();
  const std::uint64_t readings = header.varint();
  if (!header.ok()) return std::nullopt;
  batch.groups_at_ = body.size() - header.left();

  BatchReader reader(body.substr(batch.groups_at_));
  while (reader.next()) {
    const std::uint64_t count = reader.values().size();
    if (reader.first_seq() + count < reader.first_seq() ||
        (!batch.ranges_.empty() && reader.first_seq() <= batch.ranges_.back().last)) {
      return std::nullopt;
    }
    if (batch.readings_ == 0) batch.first_ = reader.stamp();
    extend(batch.ranges_, reader.first_seq(), count);
    batch.readings_ += count;
  }
  if (!reader.cursor_.ok() || batch.readings_ != readings || readings == 0) return std::nullopt;
  stored.resize(body.size());
  batch.body_ = std::move(stored);
  return batch;
}

std::string Batch::stored() const {
  std::string out;
  out.reserve(body_.size() + kChecksumBytes);
  out.append(body_);
  wire::put_word(out, checksum(body_));
  return out;
}

// --- building ---

void BatchBuilder::begin_group(const std::string& encoded_layout, const Stamp& stamp, std::uint64_t first_seq,
                               std::uint64_t count) {
  const auto [layout, added] = layouts_.try_emplace(encoded_layout, layouts_.size());
  wire::put_varint(groups_, layout->second);
  if (added) wire::put_string(groups_, encoded_layout);
  wire::put_varint(groups_, first_seq - next_seq_);
  wire::put_signed(groups_, difference(stamp.wall, last_.wall));
  wire::put_signed(groups_, difference(stamp.boot, last_.boot));
  if (readings_ == 0) first_ = stamp;
  last_ = stamp;
  next_seq_ = first_seq + count;
  readings_ += count;
  extend(ranges_, first_seq, count);
}

void BatchBuilder::add(const Layout& layout, const Stamp& stamp, std::uint64_t first_seq,
                       std::span<const Value> values) {
  begin_group(layout.encoded(), stamp, first_seq, values.size());
  for (const Value& value : values)
    std::visit(ValueWriter{groups_}, value);
}

void BatchBuilder::add_part(const LayoutView& layout, const Stamp& stamp, std::uint64_t first_seq,
                            std::span<const ValueView> values, std::span<const std::size_t> kept) {
  for (std::size_t at = 0; at < kept.size();) {
    std::size_t end = at + 1;
    while (end < kept.size() && kept[end] == kept[end - 1] + 1)
      ++end;
    const std::size_t from = kept[at];
    const std::size_t count = end - at;
    const auto points = std::span(layout.points).subspan(from, count);
    begin_group(encode_layout(layout.source, layout.device, points), stamp, first_seq + from, count);
    for (const ValueView& value : values.subspan(from, count))
      std::visit(ValueWriter{groups_}, value);
    at = end;
  }
}

Batch BatchBuilder::close() {
  Batch batch;
  batch.body_.reserve(groups_.size() + 24);
  batch.body_.push_back(static_cast<char>(kVersion));
  batch.body_.push_back(static_cast<char>(lane_));
  wire::put_varint(batch.body_, session_);
  wire::put_varint(batch.body_, readings_);
  batch.groups_at_ = batch.body_.size();
  batch.body_.append(groups_);
  batch.session_ = session_;
  batch.lane_ = lane_;
  batch.readings_ = readings_;
  batch.ranges_ = std::move(ranges_);
  batch.first_ = first_;

  groups_.clear();
  layouts_.clear();
  readings_ = 0;
  next_seq_ = 0;
  ranges_.clear();
  last_ = {};
  return batch;
}

}  // namespace fieldpost
