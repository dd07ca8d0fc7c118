// Blocks that repeat, maps of maps, and what holds of all the points of a map together.
#include "tests/unit/map_texts.h"

namespace fieldpost::config {
namespace {

TEST_CASE("a block of points repeats", "[config]") {
  const DeviceMap map = must_parse(R"(
[[repeat]]
count = 24
stride = 2
first = 1
  [[repeat.point]]
  name = "string{n}.voltage"
  register = "holding:32016"
  type = "int16"
  scale = 0.1
  [[repeat.point]]
  name = "string{n}.current"
  register = "holding:32017"
  type = "int16"
  scale_register = "holding:100"
)");
  REQUIRE(map.points.size() == 48);
  CHECK(map.points[0].name == "string1.voltage");
  CHECK(map.points[47].name == "string24.current");
  CHECK(map.points[47].reg.address == 32017 + 46);
  CHECK(map.points[47].scale_register == Register{Table::holding, 100});
  CHECK(problems("[[repeat]]\ncount = 2\nstride = 1\npoint = [{name = \"a\", register = \"holding:1\"}]") ==
        Lines{"m.toml:4:18: repeat[1].point[a].name: \"a\" must hold {n}, which counts the repeats"});
  CHECK(problems("[[repeat]]\ncount = 9\nstride = 10\npoint = [{name = \"a{n}\", register = \"holding:65500\"}]") ==
        Lines{"m.toml:4:37: repeat[1].point[a{n}].register: runs over the last register, 65535, in the last of the 9 "
              "repeats"});
}

TEST_CASE("a map includes others", "[config]") {
  const Files files{
      {"maps/base.toml",
       "model = \"base\"\nmax_registers = 20\nholes = [\"holding:50-60\"]\npoint = ["
       "{name = \"a\", register = \"holding:1\"},"
       "{name = \"b\", register = \"holding:2\", scale_register = \"holding:3\"}]"},
      {"maps/meter.csv", "name,register\nvoltage,holding:0\n"},
      {"maps/round.toml", "include = \"round.toml\""},
      {"maps/deep/variant.toml", "include = \"../base.toml\"\npoint = [{name = \"c\", register = 40009}]"}};
  const DeviceMap map = must_parse(R"(
model = "variant"
include = ["deep/variant.toml", { map = "meter.csv", prefix = "grid.", shift = 100 },
           { map = "base.toml", prefix = "x", omit = ["a"], shift = 1000 }]
[[point]]
name = "a"
register = "input:7"
)",
                                   "maps/m.toml", files);
  CHECK(map.model == "variant");
  REQUIRE(map.points.size() == 5);
  CHECK(map.points[0].reg == Register{Table::input, 7});  // in the place of the one that was included
  CHECK(map.points[3].name == "grid.voltage");
  CHECK(map.points[3].reg.address == 100);
  CHECK(map.points[4].name == "xb");
  CHECK(map.points[4].scale_register == Register{Table::holding, 1003});
  CHECK(map.limits.max_registers == 20);
  CHECK(map.holes == std::vector<RegisterRange>{{Table::holding, 50, 60}, {Table::holding, 1050, 1060}});

  CHECK(problems("include = \"round.toml\"", "maps/m.toml", files) ==
        Lines{"maps/round.toml:1:11: include: \"round.toml\" includes itself"});
  CHECK(problems("include = \"none.toml\"", "maps/m.toml", files) ==
        Lines{"maps/m.toml:1:11: include: cannot read \"maps/none.toml\": No such file or directory"});
  CHECK(problems("include = { map = \"base.toml\", shift = -2, omit = [\"z\"] }", "maps/m.toml", files) ==
        Lines{"maps/m.toml:1:51: include.omit: \"z\" is no point of base.toml",
              "maps/m.toml:1:40: include.shift: moves \"a\" out of its table"});
}

TEST_CASE("a hole holds no point", "[config]") {
  CHECK(
      problems("holes = [\"holding:5-7\", \"holding:9-8\", \"x\"]\npoint = [{name = \"a\", register = \"holding:4\", "
               "type = \"uint32\"}]") ==
      Lines{
          "m.toml:1:25: holes: \"holding:9-8\" is no range: write \"holding:100-120\", the first and the last register",
          "m.toml:1:40: holes: \"x\" is no register: write \"holding:100\" (or input, coil, discrete; from 0), or "
          "40101 or 400101 (from 1)",
          "m.toml:1:9: holes: hold the registers of the point \"a\""});
  const std::string scaled = "[[point]]\nname = \"a\"\nregister = 40002\nscale_register = 40006";
  CHECK(problems("holes = \"holding:5-6\"\n" + scaled) ==
        Lines{"m.toml:1:9: holes: hold the scale register of the point \"a\""});
  CHECK(problems("include = \"base.toml\"\n" + scaled, "m.toml",
                 {{"base.toml", "holes = \"holding:5-6\"\npoint = [{name = \"b\", register = 40001}]"}}) ==
        Lines{"m.toml:3:8: holes: hold the scale register of the point \"a\""});
}

TEST_CASE("a scale register within its block repeats with it, one outside is of all blocks", "[config]") {
  const auto scales = [](const std::string& scale) {
    const DeviceMap map = must_parse(
        "[[repeat]]\ncount = 3\nstride = 10\npoint = [{name = \"s{n}\", register = \"holding:200\", scale_register = "
        "\"" +
        scale + "\"}, {name = \"t{n}\", register = \"holding:205\"}, {name = \"u{n}\", register = \"input:7\"}]");
    std::vector<int> addresses;
    for (const Point& point : map.points) {
      if (point.scale_register) addresses.push_back(point.scale_register->address);
    }
    return addresses;
  };
  CHECK(scales("holding:201") == std::vector{201, 211, 221});
  CHECK(scales("holding:209") == std::vector{209, 219, 229});
  CHECK(scales("holding:210") == std::vector{210, 210, 210});
  CHECK(scales("holding:199") == std::vector{199, 199, 199});
  CHECK(scales("input:201") == std::vector{201, 201, 201});
  CHECK(problems("[[repeat]]\ncount = 4\nstride = 10\npoint = [\n{name = \"s{n}\", register = \"holding:65500\", "
                 "scale_register = \"holding:65508\"}]") ==
        Lines{"m.toml:5:9: repeat[1].point: the scale register of \"s4\" lies behind the last register, 65535"});
}

TEST_CASE("a point that takes an included one's place, or is left out, takes its bits away", "[config]") {
  const Files files{{"base.toml",
                     "point = [{name = \"status\", register = \"holding:0\", bits = {\"0\" = \"running\", \"15\" = "
                     "\"fault\"}}, {name = \"a\", register = \"holding:1\"}]"}};
  const auto points = [&](const std::string& text) {
    std::vector<std::string> found;
    for (const Point& point : must_parse(text, "m.toml", files).points)
      found.push_back(point.name + " " + std::to_string(point.reg.address));
    return found;
  };
  CHECK(points("include = \"base.toml\"\n[[point]]\nname = \"status\"\nregister = \"holding:20\"\n"
               "bits = { \"1\" = \"running\" }") == Lines{"status 20", "status.running 20", "a 1"});
  CHECK(points("include = \"base.toml\"\n[[point]]\nname = \"status.fault\"\nregister = \"holding:20\"\n") ==
        Lines{"status 0", "status.running 0", "a 1", "status.fault 20"});
  CHECK(points("include = { map = \"base.toml\", omit = [\"status\"], prefix = \"x_\" }") == Lines{"x_a 1"});
  CHECK(points("include = { map = \"base.toml\", omit = [\"status\", \"status.fault\"] }") == Lines{"a 1"});
  CHECK(points("include = { map = \"base.toml\", omit = [\"status.fault\"] }") ==
        Lines{"status 0", "status.running 0", "a 1"});
}

TEST_CASE("the smallest limit of the included maps counts, before it the map's own", "[config]") {
  const Files files{{"a.toml", "max_registers = 10\nmax_gap = 0\npoint = [{name = \"a\", register = 40001}]"},
                    {"b.toml", "max_registers = 20\nmax_coils = 8\npoint = [{name = \"b\", register = 40002}]"},
                    {"c.csv", "name;register\nc;40003\n"}};
  for (const std::string order : {"\"a.toml\", \"b.toml\", \"c.csv\"", "\"c.csv\", \"b.toml\", \"a.toml\""}) {
    const Limits limits = must_parse("include = [" + order + "]", "m.toml", files).limits;
    CHECK(limits.max_registers == 10);
    CHECK(limits.max_coils == 8);
    CHECK(limits.max_gap == 0);
    CHECK(must_parse("max_registers = 50\ninclude = [" + order + "]", "m.toml", files).limits.max_registers == 50);
  }
}

TEST_CASE("a map has at least one point and at most 10000", "[config]") {
  const std::string none = ": is missing: a device map has at least one [[point]]";
  const std::string empty = ": is an empty list: put a table into it, or leave it out";
  CHECK(problems("point = []") == Lines{"m.toml:1:9: point" + empty});
  CHECK(problems("include = []") == Lines{"m.toml: point" + none});
  CHECK(problems("include = { map = \"a.toml\", omit = [\"a\"] }", "m.toml",
                 {{"a.toml", "point = [{name = \"a\", register = 40001}]"}}) == Lines{"m.toml: point" + none});
  CHECK(problems("[[repeat]]\ncount = 1\nstride = 1\npoint = []") == Lines{"m.toml:4:9: repeat[1].point" + empty});

  const auto blocks = [](int count) {
    std::string text = "[[repeat]]\ncount = 1000\nstride = 10\npoint = [";
    for (int i = 0; i < count; ++i)
      text += "{name = \"p" + std::to_string(i) + "_{n}\", register = 40001},\n";
    return text + "]";
  };
  CHECK(must_parse(blocks(10)).points.size() == 10'000);
  CHECK(problems(blocks(11)) == Lines{"m.toml:5:9: repeat[1].point: \"p1_910\" is one point too many: a map has at "
                                      "most 10000, named bits among them"});
  CHECK(problems("include = \"a.toml\"\npoint = [{name = \"own\", register = 40001}]", "m.toml",
                 {{"a.toml", blocks(10)}}) == Lines{"m.toml:2:9: point: a map has at most 10000 points, not 10001"});
}

TEST_CASE("maps that include maps several times over are refused at once", "[config]") {
  Files files;
  for (int level = 1; level < 8; ++level) {
    std::string& text = files["i" + std::to_string(level) + ".toml"];
    text = "include = [";
    for (const char* prefix : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"})
      text += "{map = \"i" + std::to_string(level + 1) + ".toml\", prefix = \"" + prefix + "\"},";
    text += ']';
  }
  files["i7.toml"] = "point = [{name = \"p\", register = 40001}]";
  CHECK(problems("include = \"i1.toml\"", "m.toml", files) ==
        Lines{"i3.toml:1:179: include.map: \"fjfep\" is one point too many: a map has at most 10000, named bits among "
              "them"});
  files["i7.toml"] = "point = []";
  CHECK(problems("include = \"i1.toml\"", "m.toml", files) ==
        Lines{"i7.toml:1:9: point: is an empty list: put a table into it, or leave it out"});
}

TEST_CASE("the second point of a name is told by its place", "[config]") {
  const std::string twice = " is already the name of a point of this map";
  const Files files{{"a.toml", "point = [{name = \"a\", register = 40001}]"}};
  CHECK(problems("include = [\"a.toml\",\n\"a.toml\"]", "m.toml", files) ==
        Lines{"m.toml:2:1: include: \"a\"" + twice});
  CHECK(problems("[[point]]\nname = \"s\"\nregister = 40001\nbits = { \"0\" = \"x\" }\n"
                 "[[point]]\nname = \"s.x\"\nregister = 40002") ==
        Lines{"m.toml:6:8: point[s.x].name: \"s.x\"" + twice});
  CHECK(problems("[[point]]\nname = \"s1\"\nregister = 40001\n[[repeat]]\ncount = 2\nstride = 1\n"
                 "  [[repeat.point]]\n  name = \"s{n}\"\n  register = 40002") ==
        Lines{"m.toml:8:10: repeat[1].point: \"s1\"" + twice});
}

}  // namespace
}  // namespace fieldpost::config
