// Payloads of Sparkplug B by another encoder, and what is no payload.
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "drivers/mqtt/sparkplug/names.h"
#include "drivers/mqtt/sparkplug/payload.h"
#include "drivers/mqtt/sparkplug/value.h"
#include "tests/support/catch.h"
#include "tests/support/sparkplug.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

using namespace support;

Value bad(const std::string& reason) {
  return Bad{reason};
}

using Set = std::function<void(pb::Metric& metric)>;

/// What is read of a metric of this type that another encoder has written.
Value read(std::uint32_t type, const Set& set) {
  SparkPayload written;
  set(written.add("m", type));
  const std::string bytes = written.bytes();
  const Payload payload = read_payload(bytes);
  REQUIRE(payload.problem.empty());
  REQUIRE(payload.metrics.size() == 1);
  return value_of(payload.metrics[0], payload.metrics[0].datatype);
}

Set int_value(std::uint32_t value) {
  return [value](pb::Metric& metric) { metric.set_int_value(value); };
}
Set long_value(std::uint64_t value) {
  return [value](pb::Metric& metric) { metric.set_long_value(value); };
}
Value integer(std::int64_t value) {
  return value;
}
Value natural(std::uint64_t value) {
  return value;
}

TEST_CASE("sparkplug: signed integers, however they were encoded") {
  for (const std::uint32_t type : {spark::int8, spark::int16, spark::int32}) {
    INFO("type " << type);
    const auto bits = std::uint32_t{8} << (type - 1);
    const std::int64_t low = -(std::int64_t{1} << (bits - 1));
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{5}, std::int64_t{-5}, std::int64_t{-1}, low, -low - 1}) {
      INFO("value " << value);
      const auto wide = static_cast<std::uint64_t>(value);
      const std::uint64_t own = wide & ((std::uint64_t{1} << bits) - 1);
      CHECK(read(type, int_value(static_cast<std::uint32_t>(own))) == integer(value));
      CHECK(read(type, int_value(static_cast<std::uint32_t>(wide))) == integer(value));
      CHECK(read(type, long_value(own)) == integer(value));
      CHECK(read(type, long_value(wide)) == integer(value));
      CHECK(read(type, long_value(wide & 0xFFFFFFFF)) == integer(value));
    }
  }
  CHECK(read(spark::int8, int_value(300)) == bad("value does not fit Int8"));
  CHECK(read(spark::int8, int_value(0xFFFFFF00)) == bad("value does not fit Int8"));
  CHECK(read(spark::int16, int_value(0x10000)) == bad("value does not fit Int16"));
  CHECK(read(spark::int32, long_value(0x100000000)) == bad("value does not fit Int32"));
  CHECK(read(spark::int64, long_value(static_cast<std::uint64_t>(-5))) == integer(-5));
  CHECK(read(spark::int64, int_value(5)) == integer(5));
  // -5 in 32 bits, or 4294967291.
  CHECK(read(spark::int64, int_value(0xFFFFFFFB)) == bad("value does not fit Int64"));
}

TEST_CASE("sparkplug: a number below 0 that takes more than its field's 32 bits") {
  // Metric { datatype: Int8, int_value: -5 as a varint of ten bytes }.
  const std::string bytes("\x12\x0d\x20\x01\x50\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01", 15);
  const Payload payload = read_payload(bytes);
  REQUIRE(payload.metrics.size() == 1);
  CHECK(value_of(payload.metrics[0], spark::int8) == integer(-5));
  CHECK(value_of(payload.metrics[0], spark::int64) == integer(-5));
}

TEST_CASE("sparkplug: unsigned integers, in either field") {
  CHECK(read(spark::uint8, int_value(251)) == natural(251));
  CHECK(read(spark::uint8, int_value(256)) == bad("value does not fit UInt8"));
  CHECK(read(spark::uint16, int_value(0xFFFF)) == natural(0xFFFF));
  CHECK(read(spark::uint16, long_value(0x10000)) == bad("value does not fit UInt16"));
  CHECK(read(spark::uint32, int_value(0xFFFFFFFF)) == natural(0xFFFFFFFF));
  CHECK(read(spark::uint32, long_value(0xFFFFFFFF)) == natural(0xFFFFFFFF));
  CHECK(read(spark::uint32, long_value(0x100000000)) == bad("value does not fit UInt32"));
  CHECK(read(spark::uint64, long_value(18446744073709551615U)) == natural(18446744073709551615U));
  CHECK(read(spark::uint64, int_value(7)) == natural(7));
  constexpr std::uint32_t date_time = 13;
  CHECK(read(date_time, long_value(spark_time)) == natural(spark_time));
}

TEST_CASE("sparkplug: floating point numbers, booleans and texts") {
  const auto real32 = [](float value) { return [value](pb::Metric& metric) { metric.set_float_value(value); }; };
  const auto real64 = [](double value) { return [value](pb::Metric& metric) { metric.set_double_value(value); }; };
  const auto boolean = [](bool value) { return [value](pb::Metric& metric) { metric.set_boolean_value(value); }; };
  const auto text = [](const std::string& value) {
    return [value](pb::Metric& metric) { metric.set_string_value(value); };
  };
  CHECK(read(spark::real32, real32(0.1F)) == Value{0.1F});
  CHECK(read(spark::real32, real64(0.1)) == Value{0.1F});
  CHECK(read(spark::real32, real64(1e300)) == bad("value does not fit Float"));
  CHECK(read(spark::real64, real64(0.1)) == Value{0.1});
  CHECK(read(spark::real64, real32(0.1F)) == Value{0.1F});
  CHECK(read(spark::real64, real64(std::nan(""))) == bad("not a number"));
  CHECK(read(spark::real32, real64(std::numeric_limits<double>::infinity())) == bad("not a number"));
  CHECK(read(spark::real64, int_value(1)) == bad("value does not fit Double"));
  CHECK(read(spark::boolean, boolean(true)) == Value{true});
  CHECK(read(spark::boolean, int_value(1)) == Value{true});
  CHECK(read(spark::boolean, long_value(0)) == Value{false});
  CHECK(read(spark::boolean, int_value(2)) == bad("value does not fit Boolean"));
  CHECK(read(spark::int32, boolean(true)) == bad("value does not fit Int32"));
  CHECK(read(spark::text, text("läuft")) == Value{std::string("läuft")});
  CHECK(read(spark::text, text(std::string(65'537, 'x'))) == bad("string longer than 64 KiB"));
  CHECK(read(spark::text, text("\xFF")) == bad("not UTF-8"));
  CHECK(read(spark::uint8, text("5")) == bad("value does not fit UInt8"));
  CHECK(read(spark::text, int_value(5)) == bad("value does not fit String"));
}

TEST_CASE("sparkplug: no value, and values that are no single ones") {
  const auto null = [](pb::Metric& metric) {
    metric.set_is_null(true);
    metric.set_int_value(5);
  };
  const auto bytes = [](pb::Metric& metric) { metric.set_bytes_value("\x01\x02"); };
  CHECK(read(spark::int32, null) == bad("null"));
  CHECK(read(spark::int32, [](pb::Metric&) {}) == bad("no value"));
  CHECK(read(16, [](pb::Metric& metric) { metric.mutable_dataset_value()->set_num_of_columns(2); }) ==
        bad("DataSet is no single value"));
  CHECK(read(17, bytes) == bad("Bytes is no single value"));
  CHECK(read(18, bytes) == bad("File is no single value"));
  CHECK(read(19, [](pb::Metric& metric) { metric.mutable_template_value()->set_version("1"); }) ==
        bad("Template is no single value"));
  CHECK(read(22, bytes) == bad("Int8Array is no single value"));
  CHECK(read(34, bytes) == bad("DateTimeArray is no single value"));
  CHECK(read(spark::int32, bytes) == bad("value does not fit Int32"));
  CHECK(read(35, int_value(1)) == bad("unknown type 35"));
}

TEST_CASE("sparkplug: without a type the field has to tell all") {
  SparkPayload written;
  written.add(1).set_float_value(0.5F);
  written.add(2).set_double_value(0.1);
  written.add(3).set_boolean_value(true);
  written.add(4).set_string_value("x");
  written.add(5).set_int_value(5);
  written.add(6).set_bytes_value("x");
  const std::string bytes = written.bytes();
  const Payload payload = read_payload(bytes);
  REQUIRE(payload.metrics.size() == 6);
  const auto value = [&](std::size_t i) { return value_of(payload.metrics[i], std::nullopt); };
  CHECK(value(0) == Value{0.5F});
  CHECK(value(1) == Value{0.1});
  CHECK(value(2) == Value{true});
  CHECK(value(3) == Value{std::string("x")});
  CHECK(value(4) == bad("no birth has told its type"));
  CHECK(value(5) == bad("no single value"));
}

TEST_CASE("sparkplug: what surrounds the values") {
  SparkPayload written(7);
  pb::Metric& metric = written.add("temp", spark::real64, 42);
  metric.set_timestamp(5);
  pb::Properties& properties = *metric.mutable_properties();
  properties.add_keys("Quality");
  properties.add_values()->set_number(192);
  properties.add_keys("engUnit");
  properties.add_values()->set_text("°C");
  written.add("bare", spark::real64);
  const std::string bytes = written.bytes();
  const Payload payload = read_payload(bytes);
  CHECK(payload.seq == 7U);
  CHECK(payload.timestamp == spark_time);
  REQUIRE(payload.metrics.size() == 2);
  CHECK(payload.metrics[0].name == "temp");
  CHECK(payload.metrics[0].alias == 42U);
  CHECK(payload.metrics[0].timestamp == 5U);
  CHECK(unit_of(payload.metrics[0].properties) == "°C");
  CHECK_FALSE(payload.metrics[1].alias);
  CHECK(unit_of(payload.metrics[1].properties).empty());
  CHECK(unit_of("\x0a\x7f").empty());
}

TEST_CASE("sparkplug: what is no payload has one clear reason") {
  SparkPayload written(7);
  written.real("temp", 42, 21.5);
  const std::string whole = written.bytes();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const Payload cut = read_payload(std::string_view(whole).substr(0, length));
    if (cut.problem.empty()) continue;  // it was cut between two fields
    CHECK(cut.problem == "the payload ends in the middle, or is no Sparkplug B");
  }
  CHECK(read_payload("").problem == "empty payload");
  CHECK(read_payload(std::string((1U << 20) + 1, '\0')).problem == "payload larger than 1 MiB");
  CHECK(read_payload("{\"value\":1}").problem == "no Sparkplug B payload");
  std::string many;
  for (int i = 0; i < 100'001; ++i)
    many += std::string("\x12\x00", 2);
  CHECK(read_payload(many).problem == "more than 100,000 metrics");
  many.resize(many.size() - 2);
  CHECK(read_payload(many).metrics.size() == most_metrics);
  written->set_uuid("SPBV1.0_COMPRESSED");
  CHECK(read_payload(written.bytes()).problem == "a compressed payload, which is not read");

  std::mt19937_64 random(seed());
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t change = 0; change < changes; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const Payload payload = read_payload(bytes);
    if (!payload.problem.empty()) CHECK(payload.problem.find("Sparkplug B") != std::string::npos);
  }
}

TEST_CASE("sparkplug: the request for births is what another reader expects") {
  pb::Payload request;
  REQUIRE(request.ParseFromString(rebirth_request(spark_time)));
  CHECK(request.timestamp() == spark_time);
  CHECK_FALSE(request.has_seq());
  REQUIRE(request.metrics_size() == 1);
  CHECK(request.metrics(0).name() == "Node Control/Rebirth");
  CHECK(request.metrics(0).datatype() == spark::boolean);
  CHECK(request.metrics(0).boolean_value());
}

TEST_CASE("sparkplug: topics") {
  const auto data = read_topic("spBv1.0/plant/DDATA/line-1/oven");
  REQUIRE(data);
  CHECK(data->type == MessageType::ddata);
  CHECK(data->group == "plant");
  CHECK(data->node == "line-1");
  CHECK(data->device == "oven");
  CHECK(read_topic("spBv1.0/plant/NBIRTH/line-1")->device.empty());
  CHECK(read_topic("spBv1.0/STATE/scada")->type == MessageType::host);
  CHECK(read_topic("spBv1.0/plant/NCMD/line-1")->type == MessageType::host);
  CHECK(read_topic("spBv1.0/plant/DCMD/line-1/oven")->type == MessageType::host);
  for (const char* topic :
       {"", "/", "spBv1.0", "spBv1.0/plant/NDATA", "spBv1.0/plant/NDATA/line-1/oven", "spBv1.0/plant/DDATA/line-1",
        "spBv1.0/plant/DDATA/line-1/oven/door", "spBv1.0//NDATA/line-1", "spBv1.0/plant/NDATA/",
        "spAv1.0/plant/NDATA/line-1", "spBv1.0/plant/ndata/line-1"}) {
    INFO(topic);
    CHECK_FALSE(read_topic(topic));
  }
  CHECK(data_topic("plant", "line-1", "") == "spBv1.0/plant/NDATA/line-1");
  CHECK(data_topic("plant", "line-1", "oven") == "spBv1.0/plant/DDATA/line-1/oven");
  CHECK(command_topic("plant", "line-1") == "spBv1.0/plant/NCMD/line-1");
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt::sparkplug
