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
  return show(held_.front());
}

const Message& Outbox::take() {
  taken_ = std::move(held_.front());
  held_.pop_front();
  return show(taken_);
}

const Message& Outbox::show(const Held& held) {
  std::string_view rest = held.bytes;
  auto size = held.sizes.begin();
  const auto take = [&rest, &size] {
    const std::string_view part = rest.substr(0, *size);
    rest.remove_prefix(*size++);
    return part;
  };
  shown_.topic = take();
  shown_.key = take();
  shown_.value = take();
  headers_.clear();
  while (size != held.sizes.end()) {
    const std::string_view name = take();
    headers_.push_back({name, take()});
  }
  shown_.headers = headers_;
  shown_.timestamp_ms = held.timestamp_ms;
  shown_.tag = held.tag;
  return shown_;
}

}  // namespace fieldpost
