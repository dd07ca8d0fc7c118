// Which of the answers on a line without transactions are late ones.
#include "drivers/modbus/unanswered.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;
using config::Table;
using Kind = Found::Kind;

constexpr Unanswered::Time now{1h};

Frame asked(std::uint16_t address, std::uint16_t count, std::uint8_t unit = 1) {
  return rtu_frame(unit, Request{Table::holding, address, count});
}

std::vector<std::uint8_t> with_sum(std::vector<std::uint8_t> frame) {
  const std::uint16_t sum = crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(sum & 0xff));
  frame.push_back(static_cast<std::uint8_t>(sum >> 8));
  return frame;
}

std::vector<std::uint8_t> registers(std::uint8_t count, std::uint8_t unit = 1) {
  std::vector<std::uint8_t> frame{unit, 3, static_cast<std::uint8_t>(2 * count)};
  frame.resize(3U + 2U * count, 0x11);
  return with_sum(frame);
}

const std::vector<std::uint8_t> exception = with_sum({1, 0x83, 2});

TEST_CASE("only what asked for something else and is answered alike is ambiguous", "[modbus]") {
  Unanswered line;
  CHECK_FALSE(line.ambiguous(asked(0, 2)));
  line.sent(asked(0, 2), now);
  CHECK(line.ambiguous(asked(500, 2)));
  CHECK_FALSE(line.ambiguous(asked(0, 2)));       // the same again: a value of the same place
  CHECK_FALSE(line.ambiguous(asked(500, 3)));     // another length
  CHECK_FALSE(line.ambiguous(asked(500, 2, 9)));  // another unit
  CHECK_FALSE(line.ambiguous(rtu_frame(1, Request{Table::input, 500, 2})));
  line.expire(now + 9s);
  CHECK(line.ambiguous(asked(500, 2)));
  line.expire(now + 11s);
  CHECK_FALSE(line.ambiguous(asked(500, 2)));
}

TEST_CASE("a fence has a length that nothing has that may still be answered", "[modbus]") {
  Unanswered line;
  line.sent(asked(0, 1), now);
  line.sent(asked(0, 2), now);
  const auto fence = line.fence(1, Request{Table::holding, 500, 3});
  REQUIRE(fence);
  CHECK(fence->address == 500);
  CHECK(fence->count == 4);
  CHECK(line.fence(9, Request{Table::holding, 500, 3})->count == 1);
  // Eight bits are a byte.
  line.sent(rtu_frame(1, Request{Table::coil, 0, 3}), now);
  CHECK(line.fence(1, Request{Table::coil, 8, 8})->count == 9);
  CHECK_FALSE(line.fence(1, Request{Table::holding, 65'535, 1}));
}

TEST_CASE("a late answer is forgotten with all that its unit was asked before", "[modbus]") {
  Unanswered line;
  line.sent(asked(0, 1), now);
  line.sent(asked(0, 1, 9), now);
  line.sent(asked(0, 2), now);
  line.sent(asked(0, 3), now);
  const Frame wanted = asked(500, 4);
  std::vector<std::uint8_t> bytes = registers(2);
  CHECK(line.take_late(std::span(bytes).first(6), &wanted).kind == Kind::incomplete);
  CHECK(line.ambiguous(asked(7, 1)));
  const Found found = line.take_late(bytes, &wanted);
  CHECK(found.kind == Kind::late);
  CHECK(found.end == bytes.size());
  CHECK_FALSE(line.ambiguous(asked(7, 1)));
  CHECK_FALSE(line.ambiguous(asked(7, 2)));
  CHECK(line.ambiguous(asked(7, 3)));
  CHECK(line.ambiguous(asked(7, 1, 9)));
  bytes = registers(4);
  CHECK(line.take_late(bytes, &wanted).kind == Kind::foreign);
  bytes.back() ^= 1;
  CHECK(line.take_late(bytes, nullptr).kind == Kind::foreign);
}

TEST_CASE("what may be the answer that is waited for is not taken for a late one", "[modbus]") {
  Unanswered line;
  line.sent(asked(0, 2), now);
  const Frame same = asked(0, 2);
  line.sent(same, now);
  CHECK(line.take_late(registers(2), &same).kind == Kind::foreign);
  CHECK(line.take_late(exception, &same).kind == Kind::foreign);
  CHECK(line.take_late(exception, nullptr).kind == Kind::late);
}

TEST_CASE("an answer leaves what was asked behind it, and an exception the request that it may not be to", "[modbus]") {
  Unanswered line;
  const Frame again = asked(0, 2);
  line.sent(again, now);
  line.sent(again, now);
  line.answered(again, false);  // it may have been the first one's
  CHECK(line.ambiguous(asked(7, 2)));
  const Frame fence = asked(7, 1);
  line.sent(fence, now);
  line.answered(fence, false);
  CHECK_FALSE(line.ambiguous(asked(7, 2)));
  CHECK_FALSE(line.ambiguous(asked(0, 1)));

  line.sent(asked(0, 2), now);
  line.sent(fence, now);
  line.answered(fence, true);
  CHECK_FALSE(line.ambiguous(asked(7, 2)));
  CHECK(line.ambiguous(asked(0, 1)));
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
