#include "agent/forwarder/outbox.h"

#include <utility>

namespace fieldpost {

void Outbox::push(const Message& message) {
  Held held;
  held.sizes.reserve(3 + 2 * message.headers.size());
  const auto add = [&held](std::string_view part) {
    held.bytes += part;
    held.sizes.push_back(static_cast<std::uint32_t>(part.size()));
  };
  add(message.topic);
  add(message.key);
  add(message.value);
  for (const Header& header : message.headers) {
    add(header.name);
    add(header.value);
  }
  held.timestamp_ms = message.timestamp_ms;
  held.tag = message.tag;
  held_.push_back(std::move(held));
}

const Message& Outbox::front() {
  const Held& held = held_.front();
  std::string_view rest = held.bytes;
  auto size = held.sizes.begin();
  const auto take = [&rest, &size] {
    const std::string_view part = rest.substr(0, *size);
    rest.remove_prefix(*size++);
    return part;
  };
  front_.topic = take();
  front_.key = take();
  front_.value = take();
  headers_.clear();
  while (size != held.sizes.end()) {
    const std::string_view name = take();
    headers_.push_back({name, take()});
  }
  front_.headers = headers_;
  front_.timestamp_ms = held.timestamp_ms;
  front_.tag = held.tag;
  return front_;
}

}  // namespace fieldpost
