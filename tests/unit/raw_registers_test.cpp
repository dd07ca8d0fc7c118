#include "agent/raw_registers.h"

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

std::string line(const std::string& table, const std::string& reg) {
  const std::size_t begin = table.find(reg);
  return begin == std::string::npos ? "" : table.substr(begin, table.find('\n', begin) - begin);
}

TEST_CASE("raw registers are shown as every type that they may be", "[modbus][read]") {
  const std::string table = raw_table({{"holding:100", 0x4366, ""},
                                       {"holding:101", 0x8000, ""},
                                       {"holding:102", 0x0000, ""},
                                       {"holding:103", 0x4366, ""},
                                       {"holding:104", 0x5031, ""},
                                       {"holding:105", std::nullopt, "illegal data address"},
                                       {"holding:106", 0x1234, ""}});
  CHECK(line(table, "register") == "register        hex   uint16  int16   bcd16  text  with the registers behind it");
  CHECK(line(table, "holding:100").find("4366  17254   17254   4366   Cf    float32 ABCD 230.5") != std::string::npos);
  CHECK(line(table, "holding:102").find("float32 CDAB 230") != std::string::npos);
  CHECK(line(table, "holding:101").find("8000  32768   -32768  8000") != std::string::npos);
  CHECK(line(table, "holding:104") == "holding:104     5031  20529   20529   5031   P1");
  CHECK(line(table, "holding:105") == "holding:105     -  illegal data address");
  CHECK(line(table, "holding:106") == "holding:106     1234  4660    4660    1234   .4");
}

TEST_CASE("wide integers and doubles are found in their order", "[modbus][read]") {
  // 123456 low word first, and 4.21 as a double.
  const std::string table = raw_table({{"input:0", 0xe240, ""},
                                       {"input:1", 0x0001, ""},
                                       {"input:2", 0x4010, ""},
                                       {"input:3", 0xd70a, ""},
                                       {"input:4", 0x3d70, ""},
                                       {"input:5", 0xa3d7, ""}});
  CHECK(line(table, "input:0").find("uint32 CDAB 123456") != std::string::npos);
  CHECK(line(table, "input:2").find("float64 ABCD 4.21") != std::string::npos);
}

TEST_CASE("a run of zeros says nothing of wider types", "[modbus][read]") {
  const std::string table = raw_table({{"input:0", 0, ""}, {"input:1", 0, ""}, {"input:2", 0, ""}, {"input:3", 0, ""}});
  CHECK(line(table, "input:0") == "input:0         0000  0       0       0      ..");
}

}  // namespace
}  // namespace fieldpost
