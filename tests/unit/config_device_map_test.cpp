// What a right device map becomes; wrong ones stand in tests/cases/config/device_map.
#include <map>

#include "tests/unit/map_texts.h"

namespace fieldpost::config {
namespace {

TEST_CASE("a point has what its map says", "[config]") {
  const DeviceMap map = must_parse(R"(
model = "pump"
[[point]]
name = "pressure"
register = 30003
type = "float32"
order = "CDAB"
scale = 0.1
offset = -273.15
unit = "bar"
[[point]]
name = "count"
register = "holding:65535"
type = "int16"
order = "BA"
scale = -10
)");
  CHECK(map.model == "pump");
  REQUIRE(map.points.size() == 2);
  const Point& pressure = map.points[0];
  CHECK(pressure.name == "pressure");
  CHECK(pressure.reg.table == Table::input);
  CHECK(pressure.reg.address == 2);
  CHECK(pressure.type == Type::float32);
  CHECK(pressure.order == ByteOrder::CDAB);
  CHECK(pressure.scale == Decimal{1, -1});
  CHECK(pressure.offset == Decimal{-27315, -2});
  CHECK(pressure.unit == "bar");
  const Point& count = map.points[1];
  CHECK(count.reg.address == 65535);
  CHECK(count.order == ByteOrder::BADC);
  CHECK(count.scale == Decimal{-10, 0});
}

TEST_CASE("a point without a type is a uint16, or a bool where bits are", "[config]") {
  const DeviceMap map = must_parse(R"(
point = [
  {name = "a", register = "holding:0"}, {name = "b", register = "coil:65535"}, {name = "c", register = "00001"},
  {name = "d", register = "discrete:1", type = "bool"}, {name = "e", register = "input:1", type = "bool"},
  {name = "f", register = "input:65534", type = "uint32", offset = 0}
]
)");
  CHECK(map.points[0].type == Type::uint16);
  CHECK(map.points[0].scale == Decimal{1, 0});
  CHECK(map.points[0].offset == Decimal{0, 0});
  for (const std::size_t i : {1U, 2U, 3U, 4U}) {
    CHECK(map.points[i].type == Type::boolean);
  }
  CHECK(map.points[5].order == ByteOrder::ABCD);
}

TEST_CASE("every type has its width in registers", "[config]") {
  const std::map<std::string, int> widths{
      {"bool", 1},     {"bit:0", 1},    {"bit:15", 1},  {"int16", 1},   {"uint16", 1},   {"int32", 2},
      {"uint32", 2},   {"int64", 4},    {"uint64", 4},  {"float16", 1}, {"bcd16", 1},    {"bcd32", 2},
      {"string:1", 1}, {"string:2", 1}, {"float32", 2}, {"float64", 4}, {"string:3", 2}, {"string:250", 125}};
  for (const auto& [type, registers] : widths) {
    INFO(type);
    const DeviceMap map = must_parse("point = [{name = \"p\", register = 40001, type = \"" + type + "\"}]");
    CHECK(width(map.points[0]) == registers);
  }
}

TEST_CASE("each byte order has its name, for 64 bits also that of 32", "[config]") {
  const auto order = [](const std::string& type, const std::string& name) {
    return must_parse("point = [{name = \"p\", register = 40001, type = \"" + type + "\", order = \"" + name + "\"}]")
        .points[0]
        .order;
  };
  CHECK(order("string:3", "BA") == ByteOrder::BADC);  // its registers are whole ones
  CHECK(order("string:8", "BA") == ByteOrder::BADC);
  CHECK(order("bcd16", "AB") == ByteOrder::ABCD);
  CHECK(order("float64", "CDAB") == order("float64", "GHEFCDAB"));
  CHECK(order("int64", "BADC") == order("int64", "BADCFEHG"));
  CHECK(order("uint64", "DCBA") == order("uint64", "HGFEDCBA"));
  CHECK(order("uint64", "ABCD") == order("uint64", "ABCDEFGH"));
  CHECK(order("uint64", "EFGHABCD") == ByteOrder::EFGHABCD);
}

TEST_CASE("a point has its own period, deadband, lane, names and values that are none", "[config]") {
  using namespace std::chrono_literals;
  const DeviceMap map = must_parse(R"(
[[point]]
name = "power"
register = "holding:40083"
type = "int16"
scale_register = "holding:40084"
invalid = ["0x8000", -1]
every = "10s"
deadband = "2.5%"
max_silence = "5m"
lane = "alarm"
[[point]]
name = "state"
register = 40001
type = "int16"
enum = { "3" = "running", "-1" = "fault", "0x10" = "idle" }
[[point]]
name = "level"
register = 40002
type = "float32"
invalid = 9999
deadband = 1
[[point]]
name = "digits"
register = 40004
type = "bcd16"
invalid = 9999
)");
  const Point& power = map.points[0];
  CHECK(power.scale_register == Register{Table::holding, 40084});
  CHECK(power.invalid == std::vector<std::uint64_t>{0x8000, 0xffff});
  CHECK(power.every == Duration(10s));
  CHECK(power.deadband == Deadband{2.5, true});
  CHECK(power.max_silence == 5min);
  CHECK(power.alarm);
  CHECK(map.points[1].names == std::vector<EnumName>{{-1, "fault"}, {3, "running"}, {16, "idle"}});
  CHECK(map.points[2].invalid == std::vector<std::uint64_t>{0x461c3c00});
  CHECK(map.points[2].deadband == Deadband{1, false});
  CHECK(map.points[2].max_silence == 1min);
  CHECK(map.points[3].invalid == std::vector<std::uint64_t>{0x9999});
}

TEST_CASE("the bits of a word are points of their own", "[config]") {
  const DeviceMap map = must_parse(R"(
[[point]]
name = "low"
register = "holding:10"
invalid = "0xFFFF"
bits = { "0" = "running", "15" = "fault" }
[[point]]
name = "wide"
register = "holding:20"
type = "uint32"
order = "CDAB"
bits = { "3" = "a", "16" = "b" }
every = "5s"
)");
  REQUIRE(map.points.size() == 6);
  CHECK(map.points[1].name == "low.running");
  CHECK(map.points[1].reg.address == 10);
  CHECK(map.points[2].type == Type::bit);
  CHECK(map.points[2].size == 15);
  CHECK(map.points[2].invalid == std::vector<std::uint64_t>{0xffff});
  CHECK(map.points[4].reg.address == 20);
  CHECK(map.points[4].size == 3);
  CHECK(map.points[5].reg.address == 20);
  CHECK(map.points[5].type == Type::bit32);
  CHECK(map.points[5].size == 16);
  CHECK(map.points[5].order == ByteOrder::CDAB);
  CHECK(map.points[5].every.has_value());
}

TEST_CASE("a spreadsheet is a map", "[config][csv]") {
  const DeviceMap comma = must_parse(
      "\xEF\xBB\xBF"
      "# exported\r\n\r\n"
      "register,name,type,scale,unit,enum,invalid,deadband\r\n"
      "40001,voltage,uint16,\"0,1\",V,,0xFFFF|65534,\"1,5%\"\r\n"
      ",,,,,,,\r\n"
      "holding:0x10,\"the \"\"state\"\", said\",uint16,,,0=off|1=on,,\r\n",
      "m.csv");
  REQUIRE(comma.points.size() == 2);
  CHECK(comma.points[0].scale == Decimal{1, -1});
  CHECK(comma.points[0].invalid == std::vector<std::uint64_t>{0xffff, 65534});
  CHECK(comma.points[0].deadband == Deadband{1.5, true});
  CHECK(comma.points[1].name == "the \"state\", said");
  CHECK(comma.points[1].names == std::vector<EnumName>{{0, "off"}, {1, "on"}});
  CHECK(comma.points[1].unit.empty());

  const DeviceMap semicolon = must_parse(
      "name;register;type;scale;offset;every;bits\n"
      "t;input:1;float32;0,001;-40;10s;\n"
      "s;input:3;uint16;;;;0=a|1=b",
      "m.CSV");
  REQUIRE(semicolon.points.size() == 4);
  CHECK(semicolon.points[0].scale == Decimal{1, -3});
  CHECK(semicolon.points[0].offset == Decimal{-40, 0});
  CHECK(semicolon.points[3].name == "s.b");
}

TEST_CASE("names in a cell stand between |, ; or ,", "[config][csv]") {
  const std::vector<EnumName> both{{0, "off"}, {1, "on"}};
  CHECK(must_parse("name;register;enum\na;40001;0=off,1=on\n", "m.csv").points[0].names == both);
  CHECK(must_parse("name;register;enum\na;40001;\"0=off; 1=on\"\n", "m.csv").points[0].names == both);
  CHECK(must_parse("name;register;enum\na;40001;0=off, cold|1=on\n", "m.csv").points[0].names ==
        std::vector<EnumName>{{0, "off, cold"}, {1, "on"}});
  const DeviceMap bits = must_parse("name,register,bits,invalid\na,40001,\"0=run,15=fault\",1;2\n", "m.csv");
  REQUIRE(bits.points.size() == 3);
  CHECK(bits.points[2].name == "a.fault");
  CHECK(bits.points[0].invalid == std::vector<std::uint64_t>{1, 2});
  const auto wrong = [](const std::string& text) {
    return Lines{"m.csv:2:9: point[a].enum: \"" + text +
                 "\" must be numbers with a name each: { \"0\" = \"off\", \"1\" = \"on\" }, in CSV 0=off|1=on"};
  };
  for (const std::string text : {"0=off|1=on,2=auto", "off", "0=off,cold", "0=off,1=on,"}) {
    CHECK(problems("name;register;enum\na;40001;" + text + "\n", "m.csv") == wrong(text));
  }
}

TEST_CASE("a spreadsheet that is wrong is told by line and column", "[config][csv]") {
  CHECK(problems("name,register\nvoltage,49x\n", "m.csv") ==
        Lines{"m.csv:2:9: point[voltage].register: \"49x\" is no register: write \"holding:100\" (or input, coil, "
              "discrete; from 0), or 40101 or 400101 (from 1)"});
  CHECK(problems("name;register;scale\n;40001;x\n", "m.csv") ==
        Lines{"m.csv:2:1: point[1].name: is missing: name the point",
              "m.csv:2:8: point[1].scale: \"x\" is a text: must be a number of magnitude 1e-18 to 1e18, without "
              "quotation marks"});
  CHECK(problems("name,register,typ\na,40001,int16\n", "m.csv") ==
        Lines{"m.csv:2:9: point[a].typ: is unknown: did you mean \"type\"?"});
  CHECK(problems("name,register\n\"a,40001\nb,40002\n", "m.csv") ==
        Lines{"m.csv:2:1: a quote is opened here and not closed"});
  CHECK(problems("name,register\n\"a\" x,40001\n", "m.csv") ==
        Lines{"m.csv:2:1: text stands behind the closing quote: a quote inside a cell is written twice"});
  CHECK(must_parse("name,register\n\"a\" ,\"40001\" \r\n", "m.csv").points.size() == 1);
  CHECK(problems("name,register,name\na,40001,b\n", "m.csv") ==
        Lines{"m.csv:1:15: the header names the column \"name\" twice"});
  CHECK(problems("40001,a\n", "m.csv") ==
        Lines{"m.csv:1:1: the first row must be the header, with the columns name, register, type and so on"});
  CHECK(problems("name,register\na,40001,V\n", "m.csv") ==
        Lines{"m.csv:2:9: \"V\" stands in a column that the header does not name"});
  CHECK(problems("name,register\n", "m.csv") ==
        Lines{"m.csv: point: is missing: a device map has a header and at least one row"});
  CHECK(problems("name,register,unit\na,40001,\xb0"
                 "C\n",
                 "m.csv") == Lines{"m.csv: is not UTF-8: export the spreadsheet as \"CSV UTF-8\""});
}

TEST_CASE("what makes no sense in a point is refused", "[config]") {
  const auto wrong = [](const std::string& keys) {
    return problems("[[point]]\nname = \"p\"\nregister = \"holding:0\"\n" + keys);
  };
  CHECK(wrong("type = \"bit:16\"") ==
        Lines{"m.toml:4:8: point[p].type: \"bit:16\" must name the bit, as in bit:3: from 0, "
              "the least significant, to 15"});
  CHECK(wrong("type = \"string\"") ==
        Lines{"m.toml:4:8: point[p].type: \"string\" must say how many bytes it has, as in "
              "string:16: from 1 to 250"});
  CHECK(wrong("type = \"string:4\"\nscale = 2") ==
        Lines{"m.toml:5:9: point[p].scale: cannot be: a string is no number"});
  CHECK(wrong("type = \"bit:1\"\ninvalid = 1") ==
        Lines{"m.toml:5:11: point[p].invalid: cannot be: a bit is no number"});
  CHECK(wrong("enum = { \"1\" = \"a\" }\noffset = 2") ==
        Lines{"m.toml:5:10: point[p].offset: cannot be beside enum: the value is a name"});
  CHECK(wrong("type = \"float32\"\nenum = { \"1\" = \"a\" }") ==
        Lines{"m.toml:5:8: point[p].enum: cannot be: only whole numbers, a bool and a bit have names"});
  CHECK(wrong("enum = { one = \"a\" }") ==
        Lines{"m.toml:4:10: point[p].enum: \"one\" is no whole number such as 3, -1 or 0x10"});
  CHECK(wrong("enum = { \"1\" = \"a\", \"0x1\" = \"b\" }") == Lines{"m.toml:4:8: point[p].enum: names 1 twice"});
  CHECK(wrong("max_silence = \"1m\"") ==
        Lines{"m.toml:4:15: point[p].max_silence: needs a deadband: without one every value "
              "is handed on"});
  CHECK(wrong("deadband = \"-1%\"") ==
        Lines{"m.toml:4:12: point[p].deadband: must be a number from 0 to 1e18, in the point's unit and "
              "without quotation marks, or a share of the last value, \"0%\" to \"100%\""});
  CHECK(wrong("type = \"int16\"\ninvalid = 40000") ==
        Lines{"m.toml:5:11: point[p].invalid: must be a whole number from -32768 to 32767, or its bits, as in "
              "\"0x8000\""});
  CHECK(wrong("invalid = \"0x10000\"") ==
        Lines{"m.toml:4:11: point[p].invalid: is no raw value: write a number, or the "
              "registers' bits, as in \"0x8000\", at most 4 digits"});
  CHECK(wrong("scale_register = \"coil:1\"") ==
        Lines{"m.toml:4:18: point[p].scale_register: must be a holding or input "
              "register: it holds the power of ten"});
  CHECK(wrong("bits = { \"16\" = \"a\" }") ==
        Lines{"m.toml:4:10: point[p].bits: \"16\" is no bit: must be 0, the least "
              "significant, to 15"});
  CHECK(wrong("type = \"float64\"\norder = \"ABDC\"") == Lines{"m.toml:5:9: point[p].order: \"ABDC\" is no order of 64 "
                                                               "bits: must be ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA, "
                                                               "EFGHABCD, FEHGBADC, CDABGHEF or DCBAHGFE"});
}

TEST_CASE("what is written in another form is told with the right one", "[config]") {
  const auto wrong = [](const std::string& keys) {
    return problems("[[point]]\nname = \"p\"\nregister = \"holding:0\"\n" + keys);
  };
  CHECK(wrong("scale = \"0.1\"") == Lines{"m.toml:4:9: point[p].scale: \"0.1\" is a text: must be a number of "
                                          "magnitude 1e-18 to 1e18, without quotation marks"});
  for (const std::string number : {"40101.0", "[40101]", "true"}) {
    CHECK(problems("point = [{name = \"p\", register = " + number + "}]") ==
          Lines{"m.toml:1:34: point[p].register: must be written as \"holding:100\" (from 0) or 40101 (from 1), with "
                "neither point nor brackets"});
  }
  for (const std::string band : {"\"101 %\"", "\"0.5\"", "\"%\"", "\"1 %%\"", "1e19"}) {
    INFO(band);
    CHECK(wrong("deadband = " + band).size() == 1);
  }
  CHECK(must_parse("name;register;deadband\na;40001;1,5 %\n", "m.csv").points[0].deadband == Deadband{1.5, true});
  CHECK(wrong("bits = { \"1\" = \"x\", \"01\" = \"y\" }").size() == 1);
  CHECK(problems("[[point]]\nname = \"p\"\nregister = 40001\nunit = \"\xb0"
                 "C\"\n") == Lines{"m.toml:4:8: is not UTF-8: save the file as UTF-8"});
}

TEST_CASE("a file in UTF-16 is told to be no UTF-8", "[config]") {
  const std::vector<std::string> lines = problems(std::string("\xFF\xFE[\0[\0p\0", 8));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with(": is not UTF-8: save the file as UTF-8"));
}

TEST_CASE("an enum names only what its type can hold", "[config]") {
  const auto wrong = [](const std::string& type, const std::string& code) {
    return problems("point = [{name = \"p\", register = 40001, type = \"" + type + "\", enum = {\"" + code +
                    "\" = \"x\"}}]");
  };
  CHECK(wrong("uint16", "-1") == Lines{"m.toml:1:66: point[p].enum: -1 is no value of the type: must be 0 to 65535"});
  CHECK(wrong("uint16", "70000").size() == 1);
  CHECK(wrong("int16", "0xFFFF") ==
        Lines{"m.toml:1:65: point[p].enum: 65535 is no value of the type: must be -32768 to 32767"});
  CHECK(wrong("bit:3", "2") == Lines{"m.toml:1:65: point[p].enum: 2 is no value of the type: must be 0 to 1"});
  CHECK(wrong("bcd16", "10000").size() == 1);
  for (const auto& [type, code] : {std::pair{"int16", "-32768"}, {"bool", "1"}, {"uint64", "9223372036854775807"}})
    CHECK(wrong(type, code).empty());
}

}  // namespace
}  // namespace fieldpost::config
