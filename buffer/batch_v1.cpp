#include "buffer/batch_v1.h"

#include "buffer/batch_value.h"

namespace fieldpost {

std::optional<Batch> parse_v1(std::string_view body) {
  wire::Cursor cursor(body.substr(1));
  const std::uint8_t lane_number = cursor.byte();
  if (lane_number > static_cast<std::uint8_t>(Lane::telemetry)) return std::nullopt;
  const auto lane = static_cast<Lane>(lane_number);
  const std::uint64_t session = cursor.varint();
  const std::uint64_t readings = cursor.varint();
  BatchBuilder builder(session, lane, 0);
  std::vector<Layout> layouts;
  std::vector<ValueView> values;
  Stamp stamp;
  std::uint64_t seq = 0;
  while (cursor.ok() && !cursor.at_end()) {
    const std::uint64_t number = cursor.varint();
    if (number > layouts.size()) return std::nullopt;
    if (number == layouts.size()) {
      auto layout = Layout::decode(cursor.string(), lane);
      if (!layout) return std::nullopt;
      layouts.push_back(std::move(*layout));
    }
    const std::uint64_t gap = cursor.varint();
    if (gap > ~std::uint64_t{0} / 4 || (!builder.empty() && seq + gap < seq)) return std::nullopt;
    seq += gap;
    stamp.wall = static_cast<std::int64_t>(static_cast<std::uint64_t>(stamp.wall) +
                                           static_cast<std::uint64_t>(cursor.signed_varint()));
    stamp.boot = static_cast<std::int64_t>(static_cast<std::uint64_t>(stamp.boot) +
                                           static_cast<std::uint64_t>(cursor.signed_varint()));
    values.resize(layouts[number].points().size());
    for (ValueView& value : values) {
      if (read_value(cursor, value) != ValueRead::fresh || !cursor.ok()) return std::nullopt;
    }
    builder.add(layouts[number], stamp, seq, values);
    seq += values.size();
  }
  if (!cursor.ok() || builder.readings() != readings || readings == 0) return std::nullopt;
  return builder.close();
}

}  // namespace fieldpost
