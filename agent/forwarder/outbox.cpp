#include "agent/forwarder/outbox.h"

#include <cstring>

namespace fieldpost {
namespace {

constexpr std::size_t kKept = 64 << 10;  // bytes of room that an empty one keeps

template <typename Plain>
void append(std::string& bytes, const Plain& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Plain>
Plain read(const std::string& bytes, std::size_t& at) {
  Plain value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  at += sizeof value;
  return value;
}

std::string_view part(const std::string& bytes, std::size_t& at) {
  const auto size = read<std::uint32_t>(bytes, at);
  const std::string_view text = std::string_view(bytes).substr(at, size);
  at += size;
  return text;
}

}  // namespace

void Outbox::push(const Message& message) {
  if (held_ == 0) {
    clear();
  } else if (first_ > kKept && first_ > bytes_.size() / 2) {
    bytes_.erase(0, first_);
    first_ = 0;
  }
  append(bytes_, Head{message.timestamp_ms, message.tag, message.headers.size()});
  add(message.topic);
  add(message.key);
  add(message.value);
  for (const Header& header : message.headers) {
    add(header.name);
    add(header.value);
  }
  ++held_;
}

const Message& Outbox::front() {
  show();
  return shown_;
}

const Message& Outbox::take() {
  first_ = show();
  --held_;
  return shown_;
}

void Outbox::clear() {
  if (bytes_.capacity() > kKept) bytes_ = {};
  bytes_.clear();
  first_ = held_ = 0;
}

void Outbox::add(std::string_view part) {
  append(bytes_, static_cast<std::uint32_t>(part.size()));
  bytes_ += part;
}

std::size_t Outbox::show() {
  std::size_t at = first_;
  const auto head = read<Head>(bytes_, at);
  shown_.topic = part(bytes_, at);
  shown_.key = part(bytes_, at);
  shown_.value = part(bytes_, at);
  headers_.clear();
  for (std::size_t header = 0; header < head.headers; ++header) {
    const std::string_view name = part(bytes_, at);
    headers_.push_back({name, part(bytes_, at)});
  }
  shown_.headers = headers_;
  shown_.timestamp_ms = head.timestamp_ms;
  shown_.tag = head.tag;
  return at;
}

}  // namespace fieldpost
