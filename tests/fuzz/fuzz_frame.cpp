// Any bytes as what comes back to a request. The first bytes choose the request and the framing.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "drivers/modbus/answer.h"
#include "drivers/modbus/frame.h"

namespace {

using namespace fieldpost::drivers::modbus;
using Bytes = std::span<const std::uint8_t>;

void expect(bool holds) {
  if (!holds) std::abort();
}

Found find(Bytes received, const Frame& frame, std::uint8_t framing) {
  if (framing == 0) return find_tcp(received, frame, 3);
  return find_rtu(received, frame, framing == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 4;
  if (size < choices) return 0;
  const auto framing = static_cast<std::uint8_t>(data[0] % 3);
  const auto table = static_cast<fieldpost::config::Table>(data[1] % 4);
  const auto count = static_cast<std::uint16_t>(data[2] % 125 + 1);
  const Request request{table, 0x0203, count};
  const Frame frame = framing == 0 ? tcp_frame(7, data[3], request) : rtu_frame(data[3], request);
  const Bytes received(data + choices, size - choices);

  const Found found = find(received, frame, framing);
  if (found.kind == Found::Kind::late) expect(framing == 0 && found.end <= received.size());
  if (found.kind != Found::Kind::answer) return 0;
  expect(found.end <= received.size() && found.pdu.size() >= 2);
  expect(found.pdu.data() >= received.data() && found.pdu.data() + found.pdu.size() <= received.data() + found.end);
  std::vector<std::uint16_t> values(count);
  expect(spoke(parse_answer(function(table), found.pdu, values)));
  // No answer is taken before its last byte has come.
  expect(find(received.first(found.end), frame, framing).kind == Found::Kind::answer);
  expect(find(received.first(found.end - 1), frame, framing).kind != Found::Kind::answer);
  return 0;
}
