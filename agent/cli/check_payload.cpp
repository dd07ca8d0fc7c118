#include "agent/cli/check_payload.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "agent/cli/verbs.h"
#include "agent/mqtt_message.h"
#include "buffer/clock.h"
#include "config/text.h"

namespace fieldpost::cli {
namespace {

std::optional<std::string> contents(const std::string& file) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream stream(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (stream.good() || stream.eof()) return text;
  std::cerr << "fieldpost: " << file << ": " << std::strerror(errno) << "\n";
  return std::nullopt;
}

}  // namespace

int check_payload(const Args& args) {
  if (!args.has("--payload") || !args.has("--topic")) {
    std::cerr << "fieldpost: --payload FILE and --topic TOPIC go together: rules are chosen by the topic\n";
    return misused;
  }
  const std::string topic = args.value("--topic");
  if (topic.find_first_of("+#") != std::string::npos) {
    std::cerr << "fieldpost: --topic " << config::in_quotes(topic)
              << " has a wildcard: name the topic of one message, without + and #\n";
    return misused;
  }
  const auto config = load(args);
  if (!config) return misused;
  const auto payload = contents(args.value("--payload"));
  if (!payload) return misused;
  std::size_t matching = 0;
  bool good = true;
  for (const config::MqttBroker& broker : config->mqtt) {
    const ReadMessage read = MessageReader(broker).read({topic, *payload}, SystemClock{}.now());
    if (read.readings.empty()) continue;
    ++matching;
    good = good && read.good;
    std::cout << (args.has("--json") ? to_json(read) + "\n" : broker.name + ": " + to_text(read));
  }
  if (matching == 0) {
    std::cerr << "fieldpost: no [[mqtt.subscribe]] has a topic that matches " << topic << "\n";
    return failed;
  }
  return good ? fine : failed;
}

}  // namespace fieldpost::cli
