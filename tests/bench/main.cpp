// fieldpost_bench [CASE...] [--json]: see tests/bench/run.
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/cases.h"
#include "tests/support/kafka.h"

namespace fieldpost::bench {
namespace {

struct Case {
  const char* name;
  Results (*run)();
};

constexpr Case cases[] = {{"encode", encode},
                          {"sparkplug", sparkplug_payload},
                          {"latency", latency},
                          {"latency-polls", latency_polls},
                          {"latency-single", latency_single},
                          {"latency-held", latency_held},
                          {"latency-agent", latency_agent},
                          {"outage", outage},
                          {"outage-short", outage_short},
                          {"outage-long", outage_long},
                          {"link", link},
                          {"link-once", link_once},
                          {"link-drain", link_drain},
                          {"link-thin", link_thin},
                          {"exactly-once", exactly_once},
                          {"throughput", throughput},
                          {"throughput-device", throughput_device},
                          {"memory", memory},
                          {"memory-fast", memory_fast},
                          {"live-first", live_first},
                          {"backlog", backlog},
                          {"offline", offline},
                          {"drain", drain},
                          {"append", append},
                          {"start", start_with_backlog},
                          {"disk-online", disk_online},
                          {"modbus-flat", modbus_flat},
                          {"modbus-line", modbus_line},
                          {"modbus-many", modbus_many},
                          {"modbus-queue", modbus_queue},
                          {"device-to-kafka", device_to_kafka},
                          {"device-to-kafka-fast", device_to_kafka_fast},
                          {"mqtt-queue", mqtt_queue},
                          {"mqtt-window", mqtt_window},
                          {"mqtt-kafka", mqtt_kafka},
                          {"mqtt-latency", mqtt_latency},
                          {"mqtt-qos0", mqtt_qos0},
                          {"mqtt-topics", mqtt_topics}};

bool is_case(const std::string& word) {
  for (const Case& one : cases) {
    if (word == one.name) return true;
  }
  return false;
}

int usage() {
  std::fprintf(stderr, "usage: tests/bench/run [CASE...] [--json]; the cases:");
  for (const Case& one : cases)
    std::fprintf(stderr, " %s", one.name);
  std::fprintf(stderr, "\n");
  return 2;
}

int run(const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == "--child") return child({words.begin() + 1, words.end()});
  bool json = false;
  std::vector<std::string> wanted;
  for (const std::string& word : words) {
    if (word == "--json") {
      json = true;
    } else if (is_case(word)) {
      wanted.push_back(word);
    } else {
      return usage();
    }
  }
  if (const auto reason = support::Kafka::unavailable()) {
    std::fprintf(stderr, "%s\n", reason->c_str());
    return 1;
  }
  Results all;
  for (const Case& one : cases) {
    bool run_it = wanted.empty();
    for (const std::string& word : wanted)
      run_it = run_it || word == one.name;
    if (!run_it) continue;
    for (Result& result : one.run()) {
      if (!json) std::printf("%s\n", line(result).c_str());
      std::fflush(stdout);
      all.push_back(std::move(result));
    }
  }
  if (json) std::printf("%s\n", to_json(all).c_str());
  return 0;
}

}  // namespace
}  // namespace fieldpost::bench

int main(int argc, char** argv) {
  try {
    return fieldpost::bench::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fieldpost_bench: %s\n", error.what());
    return 1;
  }
}
