#include "drivers/mqtt/sparkplug/payload.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "drivers/mqtt/sparkplug/names.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

using protozero::pbf_reader;
using protozero::tag_and_type;
using Wire = protozero::pbf_wire_type;

constexpr std::size_t largest_payload = 1U << 20;
constexpr std::string_view compressed = "SPBV1.0_COMPRESSED";  // what some encoders set as uuid

std::string_view text_of(pbf_reader& reader) {
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

Metric read_metric(pbf_reader reader) {
  Metric metric;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, Wire::length_delimited):
        metric.name = text_of(reader);
        break;
      case tag_and_type(2, Wire::varint):
        metric.alias = reader.get_uint64();
        break;
      case tag_and_type(3, Wire::varint):
        metric.timestamp = reader.get_uint64();
        break;
      case tag_and_type(4, Wire::varint):
        metric.datatype = reader.get_uint32();
        break;
      case tag_and_type(7, Wire::varint):
        metric.is_null = reader.get_bool();
        break;
      case tag_and_type(9, Wire::length_delimited):
        metric.properties = text_of(reader);
        break;
      case tag_and_type(10, Wire::varint):
        // Encoders put more than its 32 bits there, for numbers below 0.
        metric.value = Integer{reader.get_uint64(), false};
        break;
      case tag_and_type(11, Wire::varint):
        metric.value = Integer{reader.get_uint64(), true};
        break;
      case tag_and_type(12, Wire::fixed32):
        metric.value = reader.get_float();
        break;
      case tag_and_type(13, Wire::fixed64):
        metric.value = reader.get_double();
        break;
      case tag_and_type(14, Wire::varint):
        metric.value = reader.get_bool();
        break;
      case tag_and_type(15, Wire::length_delimited):
        metric.value = text_of(reader);
        break;
      case tag_and_type(16, Wire::length_delimited):
      case tag_and_type(17, Wire::length_delimited):
      case tag_and_type(18, Wire::length_delimited):
      case tag_and_type(19, Wire::length_delimited):
        metric.value = NoScalar{};
        reader.skip();
        break;
      default:
        reader.skip();
    }
  }
  return metric;
}

Payload refused(const std::string& problem) {
  Payload payload;
  payload.problem = problem;
  return payload;
}

Payload read(pbf_reader reader) {
  Payload payload;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, Wire::varint):
        payload.timestamp = reader.get_uint64();
        break;
      case tag_and_type(2, Wire::length_delimited):
        if (payload.metrics.size() >= most_metrics) return refused("more than 100,000 metrics");
        payload.metrics.push_back(read_metric(reader.get_message()));
        break;
      case tag_and_type(3, Wire::varint):
        payload.seq = reader.get_uint64();
        break;
      case tag_and_type(4, Wire::length_delimited):
        if (text_of(reader) == compressed) return refused("a compressed payload, which is not read");
        break;
      default:
        reader.skip();
    }
  }
  return payload;
}

/// The text of a PropertyValue; empty where it has none.
std::string_view property_text(pbf_reader reader) {
  std::string_view text;
  while (reader.next()) {
    if (reader.tag_and_type() == tag_and_type(8, Wire::length_delimited)) {
      text = text_of(reader);
    } else {
      reader.skip();
    }
  }
  return text;
}

/// The number of a PropertyValue. Some encoders leave a 0 out.
std::uint64_t property_number(pbf_reader reader) {
  std::uint64_t number = 0;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(3, Wire::varint):
      case tag_and_type(4, Wire::varint):
        number = reader.get_uint64();
        break;
      default:
        reader.skip();
    }
  }
  return number;
}

/// The PropertyValue of that name. Keys and values stand in two lists.
std::optional<pbf_reader> property(std::string_view properties, std::string_view name) {
  pbf_reader keys(properties.data(), properties.size());
  pbf_reader values = keys;
  while (keys.next(1, Wire::length_delimited)) {
    const bool found = text_of(keys) == name;
    if (!values.next(2, Wire::length_delimited)) break;
    if (found) return values.get_message();
    values.skip();
  }
  return std::nullopt;
}

}  // namespace

Payload read_payload(std::string_view bytes) {
  if (bytes.empty()) return refused("empty payload");
  if (bytes.size() > largest_payload) return refused("payload larger than 1 MiB");
  try {
    return read(pbf_reader(bytes.data(), bytes.size()));
  } catch (const protozero::end_of_buffer_exception&) {
    return refused("the payload ends in the middle, or is no Sparkplug B");
  } catch (const protozero::exception&) {
    return refused("no Sparkplug B payload");
  }
}

std::string_view unit_of(std::string_view properties) {
  try {
    const auto unit = property(properties, unit_property);
    return unit ? property_text(*unit) : std::string_view{};
  } catch (const protozero::exception&) {
    return {};
  }
}

std::optional<std::uint64_t> quality_of(std::string_view properties) {
  if (properties.empty()) return std::nullopt;
  try {
    const auto quality = property(properties, quality_property);
    return quality ? std::optional(property_number(*quality)) : std::nullopt;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

std::string rebirth_request(std::uint64_t timestamp) {
  constexpr std::uint32_t boolean = 11;
  std::string bytes;
  protozero::pbf_writer payload(bytes);
  payload.add_uint64(1, timestamp);
  protozero::pbf_writer metric(payload, 2);
  metric.add_string(1, rebirth_control.data(), rebirth_control.size());
  metric.add_uint64(3, timestamp);
  metric.add_uint32(4, boolean);
  metric.add_bool(14, true);
  metric.commit();
  return bytes;
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
