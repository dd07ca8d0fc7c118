#include "agent/cli/check_payload.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>

#include "agent/cli/verbs.h"
#include "agent/mqtt_message.h"
#include "buffer/clock.h"
#include "config/text.h"

namespace fieldpost::cli {
namespace {

std::optional<std::string> contents(const std::string& file) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::string text;
  std::array<char, 65536> part{};
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "re"), std::fclose);
  while (stream && std::feof(stream.get()) == 0 && std::ferror(stream.get()) == 0)
    text.append(part.data(), std::fread(part.data(), 1, part.size(), stream.get()));
  if (stream && std::ferror(stream.get()) == 0) return text;
  std::cerr << "fieldpost: " << file << ": " << std::generic_category().message(errno) << "\n";
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
  bool matched = false;
  bool good = true;
  for (const config::MqttBroker& broker : config->mqtt) {
    const ReadMessage read = MessageReader(broker).read({topic, *payload}, SystemClock{}.now());
    if (!read.matched) continue;
    matched = true;
    good = good && read.good;
    std::cout << (args.has("--json") ? to_json(read) + "\n" : broker.name + ": " + to_text(read));
  }
  if (!matched) {
    std::cerr << "fieldpost: no [[mqtt.subscribe]] has a topic that matches " << topic << "\n";
    return failed;
  }
  return good ? fine : failed;
}

}  // namespace fieldpost::cli
