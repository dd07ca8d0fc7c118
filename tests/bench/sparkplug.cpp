// What it costs to make portions of a Sparkplug B payload, beside walking through its bytes.
#include "tests/support/sparkplug.h"

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/mqtt/sparkplug/host.h"
#include "drivers/mqtt/sparkplug/portions.h"
#include "tests/bench/cases.h"
#include "tests/bench/process_figures.h"

namespace fieldpost::bench {
namespace {

namespace sparkplug = drivers::mqtt::sparkplug;
using support::SparkPayload;

constexpr int kRuns = 15;
constexpr std::uint64_t kMetrics = 10'000;

std::string birth() {
  SparkPayload payload(0);
  for (std::uint64_t i = 0; i < kMetrics; ++i)
    payload.real("line/oven/zone " + std::to_string(i) + "/temperature", i, 20.0);
  return payload.bytes();
}

std::string data(int seq) {
  SparkPayload payload(seq);
  for (std::uint64_t i = 0; i < kMetrics; ++i) {
    payload.real(i, 20.0 + static_cast<double>(i) / 100);
    payload->mutable_metrics(static_cast<int>(i))->set_timestamp(support::spark_time);
  }
  return payload.bytes();
}

/// Every field of every metric, none of them kept.
std::size_t walk(const std::string& bytes) {
  std::size_t fields = 0;
  protozero::pbf_reader payload(bytes);
  while (payload.next()) {
    if (payload.tag() != 2) {
      payload.skip();
      continue;
    }
    protozero::pbf_reader metric = payload.get_message();
    while (metric.next()) {
      metric.skip();
      ++fields;
    }
  }
  return fields;
}

double ns_a_metric(double since) {
  return (cpu_seconds() - since) * 1e9 / static_cast<double>(kMetrics);
}

}  // namespace

Results sparkplug_payload() {
  config::MqttRule rule;
  rule.topic = "spBv1.0/#";
  rule.payload = config::MqttRule::Payload::sparkplug;
  const std::string topic = "spBv1.0/plant/NDATA/line-1";
  sparkplug::Host host(false);
  host.take("spBv1.0/plant/NBIRTH/line-1", birth(), false, {});
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int run = 1; run <= kRuns; ++run) {
    const std::string bytes = data(run);
    const double began = cpu_seconds();
    std::size_t readings = 0;
    {
      const auto decoded = sparkplug::portions(rule, topic, host.take(topic, bytes, false, {}));
      for (const auto& portion : decoded.portions)
        readings += portion.values.size();
    }
    ours.push_back(ns_a_metric(began));
    if (readings != kMetrics) throw std::runtime_error("not every metric became a reading");
    const double walked = cpu_seconds();
    if (walk(bytes) != 3 * kMetrics) throw std::runtime_error("the baseline has missed a field");
    theirs.push_back(ns_a_metric(walked));
  }
  return {{"sparkplug", median(ours), "ns a metric of 10,000", median(theirs), "protozero walking the same bytes"}};
}

}  // namespace fieldpost::bench
