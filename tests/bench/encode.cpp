// What it costs to write a reading, in each format, without Kafka.
#include <nlohmann/json.hpp>

#include "agent/forwarder/encoder.h"
#include "buffer/clock.h"
#include "tests/bench/cases.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"

namespace fieldpost::bench {
namespace {

using config::Format;
using config::Record;

constexpr int kRuns = 5;
constexpr std::uint64_t kPolls = 5'000;
constexpr std::size_t kPoints = 20;
constexpr std::uint64_t kReadings = kPolls * kPoints;
constexpr std::size_t kDevices = 100;
const SessionInfo kSession{1'882'603'006'543'438, "gw-bench", ""};

double ns_a_reading(double since) {
  return (cpu_seconds() - since) * 1e9 / static_cast<double>(kReadings);
}

/// A tail of a second's polls, as the forwarder claims it.
Batch batch() {
  Plant plant(kDevices, kPoints);
  BatchBuilder builder(kSession.id, Lane::telemetry, 1);
  const SystemClock clock(true);
  for (std::uint64_t poll = 0; poll < kPolls; ++poll)
    builder.add(plant.layout(poll), clock.now(), poll * kPoints + 1, plant.values(poll));
  return builder.close();
}

Result measure(const char* name, Format format, Record record, const Batch& batch) {
  config::Kafka kafka;
  kafka.format = format;
  kafka.record = record;
  Encoder encoder(kafka);
  const EncodingMoment moment{SystemClock(true).now(), 1, kSession.id, 0};
  std::vector<nlohmann::ordered_json> objects;
  encoder.encode(batch, kSession, moment, [&objects](Message& message, std::size_t, std::size_t) {
    objects.push_back(nlohmann::ordered_json::parse(message.value));
    return true;
  });
  std::vector<double> ours;
  std::vector<double> theirs;
  std::size_t bytes = 0;  // so that nothing is left out as unused
  for (int run = 0; run < kRuns; ++run) {
    const double began = cpu_seconds();
    encoder.encode(batch, kSession, moment, [&bytes](Message& message, std::size_t, std::size_t) {
      bytes += message.value.size();
      return true;
    });
    ours.push_back(ns_a_reading(began));
    const double dumped = cpu_seconds();
    for (const auto& object : objects)
      bytes += object.dump().size();
    theirs.push_back(ns_a_reading(dumped));
  }
  if (bytes == 0) return {};
  return {std::string("encode-") + name, median(ours), "ns a reading", median(theirs),
          "nlohmann::json writing the same objects"};
}

}  // namespace

Results encode() {
  const Batch readings = batch();
  return {measure("json", Format::json, Record::reading, readings),
          measure("cloudevents", Format::cloudevents, Record::reading, readings),
          measure("cloudevents-binary", Format::cloudevents_binary, Record::reading, readings),
          measure("json-schema", Format::json_schema, Record::reading, readings),
          measure("device-json", Format::json, Record::device, readings),
          measure("device-cloudevents", Format::cloudevents, Record::device, readings)};
}

}  // namespace fieldpost::bench
