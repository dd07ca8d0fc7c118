#include <string>
#include <vector>

#include "drivers/modbus/frame.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using config::Table;
using Bytes = std::vector<std::uint8_t>;
using Kind = Found::Kind;

Bytes bytes_of(const Frame& frame) {
  return {frame.bytes().begin(), frame.bytes().end()};
}

Bytes with_crc(Bytes frame) {
  const std::uint16_t sum = crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(sum & 0xff));
  frame.push_back(static_cast<std::uint8_t>(sum >> 8));
  return frame;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const Request two_registers{Table::holding, 0x0102, 2};
const Request ten_bits{Table::coil, 7, 10};

TEST_CASE("a request's bytes", "[modbus][frame]") {
  CHECK(bytes_of(tcp_frame(0xbeef, 9, two_registers)) == Bytes{0xbe, 0xef, 0, 0, 0, 6, 9, 3, 1, 2, 0, 2});
  // The serial line standard's own check of a CRC (1.02, section 6.2.2): 02 07 gives 41 12.
  CHECK(with_crc({2, 7}) == Bytes{2, 7, 0x41, 0x12});
  CHECK(bytes_of(rtu_frame(9, two_registers)) == with_crc({9, 3, 1, 2, 0, 2}));
}

TEST_CASE("only functions that read can be framed", "[modbus][frame]") {
  const std::vector<std::pair<Table, int>> functions{
      {Table::coil, 1}, {Table::discrete, 2}, {Table::holding, 3}, {Table::input, 4}};
  for (const auto& [table, function] : functions) {
    CHECK(tcp_frame(1, 1, {table, 0, 1}).data[7] == function);
    CHECK(rtu_frame(1, {table, 0, 1}).data[1] == function);
  }
  for (int other = 4; other < 256; ++other)
    CHECK(rtu_frame(1, {static_cast<Table>(other), 0, 1}).data[1] == 0);
}

TEST_CASE("an answer over TCP, byte by byte", "[modbus][frame]") {
  const Frame request = tcp_frame(0x0105, 9, two_registers);
  const Bytes answer{1, 5, 0, 0, 0, 7, 9, 3, 4, 1, 2, 3, 4};
  for (std::size_t size = 0; size < answer.size(); ++size)
    CHECK(find_tcp(std::span(answer).first(size), request, 9).kind == Kind::incomplete);
  const Found found = find_tcp(answer, request, 9);
  REQUIRE(found.kind == Kind::answer);
  CHECK(Bytes(found.pdu.begin(), found.pdu.end()) == Bytes{3, 4, 1, 2, 3, 4});
  CHECK(found.end == answer.size());
  CHECK(find_tcp(answer + answer, request, 9).end == answer.size());
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 3, 9, 0x83, 2}, request, 9).kind == Kind::answer);
}

TEST_CASE("over TCP what is no answer is known as soon as it can be", "[modbus][frame]") {
  const Frame request = tcp_frame(0x0105, 9, two_registers);
  CHECK(find_tcp(Bytes{1, 5, 0, 1, 0, 7}, request, 9).kind == Kind::foreign);             // protocol
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 2}, request, 9).kind == Kind::foreign);             // too short
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 1, 0}, request, 9).kind == Kind::foreign);             // too long
  CHECK(find_tcp(Bytes{1, 6, 0, 0, 0, 7}, request, 9).kind == Kind::foreign);             // transaction yet to come
  CHECK(find_tcp(Bytes{0, 0xfb, 0, 0, 0, 7}, request, 9).kind == Kind::foreign);          // older than the connection
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 7, 8, 3}, request, 9).kind == Kind::foreign);       // unit
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 7, 9, 4}, request, 9).kind == Kind::foreign);       // function
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 9, 9, 3, 6}, request, 9).kind == Kind::broken);     // length
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 7, 9, 3, 3}, request, 9).kind == Kind::broken);     // byte count
  CHECK(find_tcp(Bytes{1, 5, 0, 0, 0, 7, 9, 0x83, 2}, request, 9).kind == Kind::broken);  // a long exception
}

TEST_CASE("over TCP an answer to an earlier request is late, also past the greatest number", "[modbus][frame]") {
  const Bytes late{0xff, 0xff, 0, 0, 0, 3, 1, 0x84, 1};
  const Frame request = tcp_frame(1, 9, two_registers);
  CHECK(find_tcp(late, request, 1).kind == Kind::foreign);
  CHECK(find_tcp(late, request, 2).kind == Kind::late);
  CHECK(find_tcp(late + Bytes{0, 1}, request, 2).end == late.size());
  CHECK(find_tcp(std::span(late).first(8), request, 2).kind == Kind::incomplete);
}

TEST_CASE("an answer on a serial line, byte by byte", "[modbus][frame]") {
  const Frame request = rtu_frame(9, two_registers);
  const Bytes answer = with_crc({9, 3, 4, 1, 2, 3, 4});
  for (std::size_t size = 0; size < answer.size(); ++size)
    CHECK(find_rtu(std::span(answer).first(size), request, false).kind == Kind::incomplete);
  const Found found = find_rtu(answer, request, false);
  REQUIRE(found.kind == Kind::answer);
  CHECK(Bytes(found.pdu.begin(), found.pdu.end()) == Bytes{3, 4, 1, 2, 3, 4});
  CHECK(find_rtu(with_crc({9, 0x83, 2}), request, false).kind == Kind::answer);
  CHECK(find_rtu(with_crc({9, 1, 2, 0xff, 3}), rtu_frame(9, ten_bits), false).kind == Kind::answer);
  CHECK(find_rtu(Bytes{0, 0xff, 9} + answer, request, false).kind == Kind::answer);  // behind noise
}

TEST_CASE("data that look like a frame are data", "[modbus][frame]") {
  const Bytes inner = with_crc({9, 0x83, 2});
  const Bytes answer = with_crc(Bytes{9, 3, 6} + inner + Bytes{0});
  const Frame request = rtu_frame(9, {Table::holding, 0x0102, 3});
  for (std::size_t size = 0; size < answer.size(); ++size)
    CHECK(find_rtu(std::span(answer).first(size), request, false).kind == Kind::incomplete);
  CHECK(find_rtu(answer, request, false).pdu.size() == 8);
}

TEST_CASE("on a serial line no damaged or foreign frame is an answer", "[modbus][frame]") {
  const Frame request = rtu_frame(9, two_registers);
  const Bytes answer = with_crc({9, 3, 4, 1, 2, 3, 4});
  for (std::size_t bit = 0; bit < answer.size() * 8; ++bit) {
    Bytes damaged = answer;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    CHECK(find_rtu(damaged, request, false).kind != Kind::answer);
  }
  CHECK(find_rtu(Bytes{9, 3, 4, 1, 2, 3, 4, 0, 0}, request, false).kind == Kind::broken);
  CHECK(find_rtu(with_crc({8, 3, 4, 1, 2, 3, 4}), request, false).kind == Kind::foreign);
  CHECK(find_rtu(with_crc({9, 4, 4, 1, 2, 3, 4}), request, false).kind == Kind::foreign);
  CHECK(find_rtu(with_crc({9, 3, 2, 1, 2}), request, false).kind == Kind::broken);
  CHECK(find_rtu(Bytes(600, 9), request, false).kind == Kind::foreign);  // it never ends
}

TEST_CASE("a line that hands back what is sent", "[modbus][frame]") {
  const Frame request = rtu_frame(9, two_registers);
  const Bytes echo = bytes_of(request);
  const Bytes answer = with_crc({9, 3, 4, 1, 2, 3, 4});
  const Bytes both = echo + answer;
  for (std::size_t size = 0; size < echo.size(); ++size)
    CHECK(find_rtu(std::span(echo).first(size), request, false).kind == Kind::incomplete);
  CHECK(find_rtu(echo, request, false).kind == Kind::echo);
  CHECK(find_rtu(both, request, false).kind == Kind::echo);

  for (std::size_t size = 0; size < both.size(); ++size)
    CHECK(find_rtu(std::span(both).first(size), request, true).kind == Kind::incomplete);
  const Found found = find_rtu(both, request, true);
  REQUIRE(found.kind == Kind::answer);
  CHECK(found.end == both.size());
  CHECK(Bytes(found.pdu.begin(), found.pdu.end()) == Bytes{3, 4, 1, 2, 3, 4});
  Bytes collided = both;
  collided[4] = 0x55;
  CHECK(find_rtu(collided, request, true).kind == Kind::foreign);
  CHECK(find_rtu(answer, request, true).kind == Kind::foreign);  // nothing came back
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
