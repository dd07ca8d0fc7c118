// Any bytes as messages of Sparkplug B, one after another: each begins with a byte that chooses its topic and two with
// its payload's length.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "config/utf8.h"
#include "drivers/mqtt/sparkplug/host.h"
#include "drivers/mqtt/sparkplug/portions.h"

namespace {

using namespace fieldpost::drivers::mqtt;

const char* const topics[] = {"spBv1.0/g/NBIRTH/n",  "spBv1.0/g/DBIRTH/n/d", "spBv1.0/g/NDATA/n",
                              "spBv1.0/g/DDATA/n/d", "spBv1.0/g/NDEATH/n",   "spBv1.0/g/DDEATH/n/d",
                              "spBv1.0/g/NDATA/m",   "spBv1.0/g/DDATA/m/d",  "spBv1.0/g/DBIRTH/n/e",
                              "spBv1.0/g/DDATA/n/e", "spBv1.0/g/NBIRTH/m",   "spBv1.0/STATE/h"};

void expect(bool holds) {
  if (!holds) std::abort();
}

void check(const Decoded& decoded) {
  for (const Portion& portion : decoded.portions) {
    expect(!portion.points.empty() && portion.points.size() == portion.values.size());
    for (const fieldpost::PointName& point : portion.points) {
      expect(!point.name.empty() && point.name.size() <= 255);
      expect(fieldpost::config::valid_utf8(point.name) && fieldpost::config::valid_utf8(point.unit));
    }
    for (const fieldpost::Value& value : portion.values) {
      const auto* text = std::get_if<std::string>(&value);
      expect(text == nullptr || fieldpost::config::valid_utf8(*text));
    }
  }
  expect(fieldpost::config::valid_utf8(decoded.problem));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fieldpost::config::MqttRule rule;
  rule.topic = "spBv1.0/#";
  sparkplug::Host host(true);
  fieldpost::Stamp now;
  constexpr std::size_t head = 3;
  while (size >= head) {
    const char* topic = topics[data[0] % std::size(topics)];
    const bool retained = data[0] >= 0x80;
    const std::size_t length = data[1] * 256U + data[2];
    const std::size_t given = length < size - head ? length : size - head;
    const std::string_view payload(reinterpret_cast<const char*>(data) + head, given);
    now.boot += 1'000'000;
    check(sparkplug::portions(rule, topic, host.take(topic, payload, retained, now)));
    expect(host.bytes() <= sparkplug::Host::most_bytes);
    data += head + given;
    size -= head + given;
  }
  return 0;
}
