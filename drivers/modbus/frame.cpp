#include "drivers/modbus/frame.h"

#include <algorithm>

namespace fieldpost::drivers::modbus {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Kind = Found::Kind;

constexpr std::size_t mbap = 6;      // transaction, protocol, length; the unit counts to what follows
constexpr std::size_t rtu_size = 8;  // of a request
constexpr std::uint8_t failed = 0x80;

std::uint8_t high(std::uint16_t word) {
  return static_cast<std::uint8_t>(word >> 8);
}

std::uint8_t low(std::uint16_t word) {
  return static_cast<std::uint8_t>(word & 0xff);
}

std::uint16_t word(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

/// Of the data in the answer to a request that begins with its unit.
std::size_t data_bytes(Bytes request) {
  const std::size_t count = word(request, 4);
  return request[1] <= 2 ? (count + 7) / 8 : count * 2;
}

bool starts_with(Bytes bytes, Bytes start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

/// How long the frame is that begins with these bytes, if it is the request's answer: 0 where it cannot be, 1 where
/// that cannot be told yet.
std::size_t rtu_length(Bytes bytes, Bytes request) {
  if (bytes.empty()) return 1;
  if (bytes[0] != request[0]) return 0;
  if (bytes.size() == 1) return 1;
  if (bytes[1] == (request[1] | failed)) return shortest_rtu_frame;
  if (bytes[1] != request[1]) return 0;
  if (bytes.size() == 2) return 1;
  const std::size_t data = data_bytes(request);
  return bytes[2] == data ? 3 + data + 2 : 0;
}

bool whole(Bytes frame) {
  const std::uint16_t sum = crc16(frame.first(frame.size() - 2));
  return frame[frame.size() - 2] == low(sum) && frame.back() == high(sum);
}

/// The answer behind noise, if any. A CRC is right by chance once in 65,536 times, and the three bytes in front of it
/// must be right as well. What begins as the answer is waited for: its data may look like a frame themselves.
Found search(Bytes received, Bytes request) {
  constexpr std::size_t most = 512;  // twice the longest frame
  if (received.size() > most) return {Kind::foreign};
  for (std::size_t at = 0; at < received.size(); ++at) {
    const Bytes rest = received.subspan(at);
    const std::size_t length = rtu_length(rest, request);
    if (length == 0) continue;
    if (length == 1 || rest.size() < length) return {};
    if (whole(rest.first(length))) return {Kind::answer, rest.subspan(1, length - 3), at + length};
  }
  if (received.size() < shortest_rtu_frame) return {};
  const bool own = received[0] == request[0] && (received[1] & ~failed) == request[1];
  return {own ? Kind::broken : Kind::foreign};
}

}  // namespace

Frame tcp_frame(std::uint16_t transaction, std::uint8_t unit, const Request& request) {
  return {{high(transaction), low(transaction), 0, 0, 0, mbap, unit, function(request.table), high(request.address),
           low(request.address), high(request.count), low(request.count)},
          12};
}

Frame rtu_frame(std::uint8_t unit, const Request& request) {
  Frame frame{{unit, function(request.table), high(request.address), low(request.address), high(request.count),
               low(request.count)},
              rtu_size};
  const std::uint16_t sum = crc16(frame.bytes().first(rtu_size - 2));
  frame.data[rtu_size - 2] = low(sum);
  frame.data[rtu_size - 1] = high(sum);
  return frame;
}

std::uint16_t crc16(Bytes bytes) {
  unsigned sum = 0xffff;
  for (const std::uint8_t byte : bytes) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      sum = (sum & 1U) != 0 ? sum >> 1 ^ 0xa001U : sum >> 1;
  }
  return static_cast<std::uint16_t>(sum);
}

Found find_tcp(Bytes received, const Frame& request, std::uint16_t earlier) {
  const Bytes asked = request.bytes().subspan(mbap);
  if (received.size() < mbap) return {};
  const std::size_t length = word(received, 4);
  constexpr std::size_t shortest = 3;  // unit, function, exception
  constexpr std::size_t longest = 254;
  if (word(received, 2) != 0 || length < shortest || length > longest) return {Kind::foreign};
  const std::size_t end = mbap + length;
  const auto age = static_cast<std::uint16_t>(word(request.bytes(), 0) - word(received, 0));
  if (age > earlier) return {Kind::foreign};
  if (age > 0) return received.size() < end ? Found{} : Found{Kind::late, {}, end};
  if (received.size() < mbap + 2) return {};
  const Bytes answer = received.subspan(mbap);
  if (answer[0] != asked[0] || (answer[1] & ~failed) != asked[1]) return {Kind::foreign};
  const std::size_t data = answer[1] == asked[1] ? data_bytes(asked) : 0;
  if (length != shortest + data) return {Kind::broken};
  if (data > 0 && answer.size() > 2 && answer[2] != data) return {Kind::broken};
  if (received.size() < end) return {};
  return {Kind::answer, answer.subspan(1, length - 1), end};
}

std::size_t answer_bytes(const Frame& request) {
  return data_bytes(request.bytes());
}

Found front_rtu(Bytes received, const Frame& request) {
  const std::size_t length = rtu_length(received, request.bytes());
  if (length == 0) return {Kind::foreign};
  if (length == 1 || received.size() < length) return {};
  const Bytes frame = received.first(length);
  return whole(frame) ? Found{Kind::answer, frame.subspan(1, length - 3), length} : Found{Kind::foreign};
}

Found find_rtu(Bytes received, const Frame& request, bool echo) {
  const Bytes asked = request.bytes();
  if (received.size() < asked.size() && starts_with(asked, received)) return {};
  const bool echoed = starts_with(received, asked);
  if (!echo) return echoed ? Found{Kind::echo} : search(received, asked);
  if (!echoed) return {Kind::foreign};
  Found found = search(received.subspan(asked.size()), asked);
  found.end += asked.size();
  return found;
}

}  // namespace fieldpost::drivers::modbus
