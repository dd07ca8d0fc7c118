#include <vector>

#include "drivers/modbus/answer.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::modbus {
namespace {

using Kind = Outcome::Kind;
using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint16_t>;

TEST_CASE("registers of an answer", "[modbus][answer]") {
  Words values(2);
  CHECK(parse_answer(3, Bytes{3, 4, 0x12, 0x34, 0xff, 0xfe}, values) == Outcome{Kind::answered, 0});
  CHECK(values == Words{0x1234, 0xfffe});
}

TEST_CASE("bits of an answer, the lowest first", "[modbus][answer]") {
  Words values(10);
  CHECK(parse_answer(1, Bytes{1, 2, 0b1000'0101, 0b10}, values) == Outcome{Kind::answered, 0});
  CHECK(values == Words{1, 0, 1, 0, 0, 0, 0, 1, 0, 1});
}

TEST_CASE("an exception is known by its code", "[modbus][answer]") {
  Words values(1);
  const Outcome outcome = parse_answer(3, Bytes{0x83, 2}, values);
  CHECK(outcome == Outcome{Kind::exception, 2});
  CHECK(reason(outcome) == "illegal data address");
  CHECK(reason({Kind::exception, 11}) == "gateway target device failed to respond");
  CHECK(reason({Kind::exception, 99}) == "exception 99");
}

TEST_CASE("whatever is not the answer to the question is a wrong answer", "[modbus][answer]") {
  Words values(2);
  for (const Bytes& pdu :
       {Bytes{}, Bytes{3}, Bytes{3, 4, 0, 1, 0}, Bytes{3, 4, 0, 1, 0, 2, 0}, Bytes{4, 4, 0, 1, 0, 2},
        Bytes{3, 2, 0, 1, 0, 2}, Bytes{3, 2, 0, 1}, Bytes{0x84, 2}, Bytes{0x83}, Bytes{0x83, 2, 0}}) {
    CHECK(parse_answer(3, pdu, values) == Outcome{Kind::wrong_answer, 0});
  }
  CHECK(values == Words{0, 0});
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
