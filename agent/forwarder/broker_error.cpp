#include "agent/forwarder/broker_error.h"

#include <string_view>

namespace fieldpost {
namespace {

void remove_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

/// The broker's number, or "bootstrap", behind its address.
void remove_number(std::string& text) {
  const auto end = text.find(": ");
  const auto slash = end == std::string::npos ? end : text.rfind('/', end);
  if (slash != std::string::npos && slash > 0) text.erase(slash, end - slash);
}

}  // namespace

std::string broker_error(std::string text) {
  // The time spent in librdkafka's own states, and how many errors like it were left out.
  const auto after = text.rfind(" (after ");
  if (after != std::string::npos && text.find("ms in state ", after) != std::string::npos) text.resize(after);
  remove_number(text);
  for (const std::string_view family : {"ipv4#", "ipv6#"})
    remove_all(text, family);
  return text;
}

}  // namespace fieldpost
