#include "agent/forwarder/outbox.h"

#include <cstring>

namespace fieldpost {
namespace {

constexpr std::size_t kBlock = 32 << 10;  // bytes

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
  if (blocks_.empty())
    blocks_.emplace_back();  // grows with need: few messages wait for most partitions
  else if (blocks_.back().size() >= kBlock)
    blocks_.emplace_back().reserve(kBlock + kBlock / 8);
  append(blocks_.back(), Head{message.timestamp_ms, message.tag, message.headers.size()});
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
  blocks_ = {};
  first_ = held_ = 0;
}

void Outbox::add(std::string_view part) {
  append(blocks_.back(), static_cast<std::uint32_t>(part.size()));
  blocks_.back() += part;
}

std::size_t Outbox::show() {
  // What was taken last stood at the end of its block.
  if (first_ == blocks_.front().size()) {
    blocks_.erase(blocks_.begin());
    first_ = 0;
  }
  const std::string& bytes = blocks_.front();
  std::size_t at = first_;
  const auto head = read<Head>(bytes, at);
  shown_.topic = part(bytes, at);
  shown_.key = part(bytes, at);
  shown_.value = part(bytes, at);
  headers_.clear();
  for (std::size_t header = 0; header < head.headers; ++header) {
    const std::string_view name = part(bytes, at);
    headers_.push_back({name, part(bytes, at)});
  }
  shown_.headers = headers_;
  shown_.timestamp_ms = head.timestamp_ms;
  shown_.tag = head.tag;
  return at;
}

}  // namespace fieldpost
