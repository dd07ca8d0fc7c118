// An edge node of Sparkplug B for tests: its payloads, encoded by Google's protobuf.
#pragma once

#include <sparkplug.pb.h>

#include <cstdint>
#include <optional>
#include <string>

namespace fieldpost::support {

namespace pb = sparkplug_wire;

/// By their numbers in Sparkplug 3.0, section 6.4.16.
namespace spark {
enum Type : std::uint32_t {
  int8 = 1,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  real32,
  real64,
  boolean,
  text
};
}

constexpr std::uint64_t spark_time = 1'795'338'191'500;  // ms since 1970

/// A payload of `spark_time`; `seq` where it is not below 0.
class SparkPayload {
 public:
  explicit SparkPayload(int seq = -1) {
    payload_.set_timestamp(spark_time);
    if (seq >= 0) payload_.set_seq(static_cast<std::uint64_t>(seq));
  }

  pb::Payload& operator*() { return payload_; }
  pb::Payload* operator->() { return &payload_; }

  /// By name and, where it is given, alias.
  pb::Metric& add(const std::string& name, std::uint32_t type, std::optional<std::uint64_t> alias = {}) {
    pb::Metric& metric = *payload_.add_metrics();
    metric.set_name(name);
    metric.set_datatype(type);
    if (alias) metric.set_alias(*alias);
    return metric;
  }
  /// By alias alone.
  pb::Metric& add(std::uint64_t alias) {
    pb::Metric& metric = *payload_.add_metrics();
    metric.set_alias(alias);
    return metric;
  }
  SparkPayload& real(const std::string& name, std::uint64_t alias, double value) {
    add(name, spark::real64, alias).set_double_value(value);
    return *this;
  }
  SparkPayload& real(std::uint64_t alias, double value) {
    add(alias).set_double_value(value);
    return *this;
  }
  SparkPayload& death_number(std::uint64_t number) {
    add("bdSeq", spark::int64).set_long_value(number);
    return *this;
  }

  std::string bytes() const { return payload_.SerializeAsString(); }

 private:
  pb::Payload payload_;
};

}  // namespace fieldpost::support
