// The built program with real configuration files, as an operator or a script uses it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/cli/args.h"
#include "agent/control.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "tests/support/catch.h"
#include "tests/support/modbus_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::ordered_json;
using support::Finished;

constexpr const char* pump_map = R"(model = "pump"
[[point]]
name     = "pressure"
register = "holding:100"
type     = "int16"
scale    = 0.1
unit     = "bar"
[[point]]
name     = "flow"
register = "holding:101"
type     = "float32"
)";

Finished fieldpost(std::vector<std::string> words) {
  words.insert(words.begin(), FIELDPOST_BINARY);
  return support::run({words, {}, ""}, std::chrono::seconds{60});
}

/// A folder with a configuration of one link with one pump.
struct Site {
  explicit Site(const std::string& url = "tcp://127.0.0.1:1", const std::string& timeout = "2s") {
    folder.write("pump.toml", pump_map);
    file = folder.write("fieldpost.toml",
                        "[agent]\nid = \"gw-07\"\nsite = \"kiruna\"\nclock = \"trusted\"\n[buffer]\npath = \"" +
                            database() +
                            "\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\n[[modbus]]\nname = \"plc-a\"\nurl = \"" + url +
                            "\"\ntimeout = \"" + timeout +
                            "\"\n[[modbus.device]]\nname = \"pump-7\"\nunit = 1\nmap = "
                            "\"pump.toml\"\nevery = \"1s\"\n");
  }
  std::string database() const { return folder / "queue.db"; }
  Finished run(std::vector<std::string> words) const {
    words.insert(words.begin(), {"-c", file});
    return fieldpost(std::move(words));
  }

  support::TempDir folder;
  std::string file;
};

/// Three polls of two points, and an alarm, left behind by an agent that was stopped in order.
std::uint64_t leave_readings(const std::string& database) {
  const SystemClock clock;
  QueueOptions options;
  options.path = database;
  options.agent = "gw-07";
  options.site = "kiruna";
  Queue queue(options, clock);
  const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}});
  const Layout fan("plc-a", "fan-3", {{"speed", "1/min"}});
  const Layout self("self", "gw-07", {{"state/pump-7", ""}}, Lane::alarm);
  queue.append(pump, clock.now(), std::vector<Value>{4.25F, true});
  queue.append(fan, clock.now(), std::vector<Value>{std::uint64_t{1450}});
  queue.append(pump, clock.now(), std::vector<Value>{Bad{"timeout"}, Bad{"timeout"}});
  queue.append(self, clock.now(), std::vector<Value>{std::string("up")});
  const std::uint64_t session = queue.session();
  queue.close();
  REQUIRE(queue.finish(std::chrono::seconds{10}).readings == 0);
  return session;
}

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(Json::parse(line));
  return lines;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("cli: --help and --version, alone and of every verb") {
  CHECK(fieldpost({"--help"}).status.code == 0);
  CHECK_THAT(fieldpost({"--version"}).out, Catch::Matchers::StartsWith("fieldpost 0."));
  for (const auto& verb : cli::verbs()) {
    std::istringstream in(verb.words);
    std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
    words.emplace_back("--help");
    const Finished help = fieldpost(words);
    CHECK(help.status.code == 0);
    CHECK(help.err.empty());
    CHECK_THAT(help.out, Contains(std::string("fieldpost ") + verb.words + ": "));
    words.back() = "--version";
    CHECK(fieldpost(words).out == fieldpost({"--version"}).out);
  }
}

TEST_CASE("cli: a mistake costs one line on stderr and exit code 2") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"statsu"},
                                                {"check", "--jsn"},
                                                {"read"},
                                                {"queue"},
                                                {"check", "--plan", "--json"}}) {
    const Finished wrong = fieldpost(words);
    CHECK(wrong.status.code == 2);
    CHECK(wrong.out.empty());
    CHECK(count_lines(wrong.err) == 1);
  }
}

TEST_CASE("cli: check of a good configuration") {
  const Site site;
  const Finished good = site.run({"check"});
  CHECK(good.status.code == 0);
  CHECK(good.out == "configuration is fine: 1 link, 1 device, 2 points\n");
  CHECK(good.err.empty());
  CHECK_THAT(site.run({"check", "--plan"}).out, Contains("holding:100-102") && Contains("pressure, flow"));
  CHECK(Json::parse(site.run({"check", "--json"}).out) == Json::parse(R"({"ok":true,"problems":[]})"));
}

TEST_CASE("cli: check of a bad one names every problem by its place, and no verb goes on") {
  Site site;
  std::ofstream(site.file, std::ios::app) << "tiemout = \"1s\"\n[[modbus]]\nname = 7\n";
  const Finished bad = site.run({"check"});
  INFO(bad.err);
  CHECK(bad.status.code == 2);
  CHECK(bad.out.empty());
  CHECK(count_lines(bad.err) >= 2);
  CHECK_THAT(bad.err, Contains(site.file + ":") && Contains("tiemout"));
  const Finished json = site.run({"check", "--json"});
  CHECK(json.status.code == 2);
  CHECK(json.err.empty());
  const Json result = Json::parse(json.out);
  CHECK(result["ok"] == false);
  CHECK(result["problems"].size() == count_lines(bad.err));
  for (const char* key : {"file", "line", "column", "key", "message"})
    CHECK(result["problems"][0].contains(key));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run"}, {"status"}, {"queue", "peek"}, {"read", "pump-7"}}) {
    const Finished refused = site.run(words);
    CHECK(refused.status.code == 2);
    CHECK(refused.err == bad.err);
  }
}

TEST_CASE("cli: a configuration that is not there") {
  const Finished absent = fieldpost({"-c", "/nonexistent/fieldpost.toml", "check"});
  CHECK(absent.status.code == 2);
  CHECK_THAT(absent.err, Contains("/nonexistent/fieldpost.toml") && Contains("No such file"));
}

TEST_CASE("cli: status without agent and without database") {
  const Site site;
  const Finished absent = site.run({"status"});
  CHECK(absent.status.code == 3);
  CHECK(absent.out.empty());
  CHECK(count_lines(absent.err) == 1);
  CHECK_THAT(absent.err, Contains("not running") && Contains(site.database()));
}

TEST_CASE("cli: status of a database without its agent") {
  const Site site;
  const std::uint64_t session = leave_readings(site.database());
  const Finished text = site.run({"status"});
  INFO(text.out << text.err);
  CHECK(text.status.code == 3);
  CHECK_THAT(text.out, Contains("not running") && Contains("waiting  6 readings"));
  CHECK_THAT(text.out, Contains("account  read 6 = delivered 0 + waiting 6 + rejected 0 + evicted 0"));
  CHECK(text.out.find('\033') == std::string::npos);
  const Finished json = site.run({"status", "--json"});
  CHECK(json.status.code == 3);
  const Json status = Json::parse(json.out);
  CHECK(status["link"].is_null());
  CHECK(status["agent"] == "gw-07");
  CHECK(status["previous"] == Json{{"session", session}, {"end", "clean"}, {"last", 6}});
  CHECK(status["account"]["waiting"] == 6);
  CHECK(status["queue"]["lanes"][0] == Json{{"name", "alarm"}, {"waiting", 1}});
}

TEST_CASE("cli: queue peek") {
  const Site site;
  const std::uint64_t session = leave_readings(site.database());
  const Finished all = site.run({"queue", "peek"});
  INFO(all.out << all.err);
  CHECK(all.status.code == 0);
  CHECK(count_lines(all.out) == 6);
  CHECK_THAT(all.out, Contains("pump-7/pressure") && Contains("4.25 bar") && Contains("bad: timeout"));
  CHECK_THAT(all.out, Contains(std::to_string(session) + "/6  alarm\n"));
  const auto readings = lines_of(site.run({"queue", "peek", "--json", "--lane", "telemetry"}).out);
  REQUIRE(readings.size() == 5);
  CHECK(readings[0]["agent"] == "gw-07");
  CHECK(readings[0]["session"] == session);
  for (std::size_t i = 0; i < readings.size(); ++i)
    CHECK(readings[i]["seq"] == i + 1);
  CHECK(readings[0]["value"] == 4.25);
  CHECK(readings[0]["unit"] == "bar");
  CHECK(readings[2]["device"] == "fan-3");
  CHECK(readings[3]["quality"] == "bad");
  CHECK(readings[3]["reason"] == "timeout");
  const auto last = lines_of(site.run({"queue", "peek", "--json", "--device", "pump-7", "--last", "3"}).out);
  REQUIRE(last.size() == 3);
  CHECK(last[0]["seq"] == 2);
  CHECK(last[2]["seq"] == 5);
  CHECK(lines_of(site.run({"queue", "peek", "--json", "--lane", "alarm"}).out).size() == 1);
  CHECK(site.run({"queue", "peek", "--device", "nobody"}).out.empty());
}

TEST_CASE("cli: queue peek without a database, and with one that is none") {
  const Site site;
  CHECK(site.run({"queue", "peek"}).status.code == 1);
  std::ofstream(site.database()) << std::string(10'000, 'x');
  const Finished foreign = site.run({"queue", "peek"});
  CHECK(foreign.status.code == 1);
  CHECK(foreign.out.empty());
  CHECK(count_lines(foreign.err) == 1);
}

TEST_CASE("cli: read from a device") {
  support::Equipment equipment;
  equipment.set(1, config::Table::holding, 100, {0x002a, 0x4148, 0x0000});  // 4.2 bar, 12.5
  const support::ModbusTcpServer server(equipment);
  const Site site(server.url());
  const Finished text = site.run({"read", "pump-7"});
  INFO(text.out << text.err);
  CHECK(text.status.code == 0);
  CHECK_THAT(text.out, Contains("pressure  4.2    bar   good     holding:100  002a\n"));
  CHECK_THAT(text.out, Contains("4148 0000"));
  const Json reading = Json::parse(site.run({"read", "pump-7", "flow", "--json"}).out);
  CHECK(reading["device"] == "pump-7");
  REQUIRE(reading["points"].size() == 1);
  CHECK(reading["points"][0] ==
        Json::parse(R"({"point":"flow","value":12.5,"unit":null,"quality":"good","reason":null,"register":"holding:101",
                        "raw":[16712,0]})"));
  SECTION("a point that the device refuses") {
    equipment.refuse(config::Table::holding, 100, 102, 2);
    const Finished refused = site.run({"read", "pump-7"});
    CHECK(refused.status.code == 1);
    CHECK_THAT(refused.out, Contains("bad: illegal data address"));
  }
}

TEST_CASE("cli: registers without a map") {
  support::Equipment equipment;
  equipment.set(1, config::Table::holding, 100, {0x4366, 0x8000, 7});
  equipment.set(5, config::Table::input, 0, {0xfffe});
  const support::ModbusTcpServer server(equipment);
  const Site site(server.url());
  const Finished raw = site.run({"read", "pump-7", "--raw", "holding:100+3"});
  INFO(raw.out << raw.err);
  CHECK(raw.status.code == 0);
  CHECK_THAT(raw.out, Contains("holding:100     4366  17254   17254   4366   Cf    float32 ABCD 230.5"));
  CHECK_THAT(raw.out, Contains("pump-7, 20"));
  const Finished unit = site.run({"read", "plc-a", "--unit", "5", "--raw", "input:0", "--json"});
  CHECK(unit.status.code == 0);
  CHECK(Json::parse(unit.out)["points"][0]["raw"] == Json{0xfffe});
  for (const auto& [words, complaint] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"read", "pump-7", "--raw", "register:100"}, "is no register"},
           {{"read", "pump-7", "--raw", "holding:100+0"}, "must say how many"},
           {{"read", "pump-7", "--raw", "holding:65535+2"}, "runs over the last register"},
           {{"read", "pump-7", "flow", "--raw", "holding:1"}, "leave out \"flow\""},
           {{"read", "plc-a", "--unit", "5"}, "--unit needs --raw"},
           {{"read", "plc-a", "--unit", "256", "--raw", "input:0"}, "from 0 to 255"},
           {{"read", "plc-b", "--unit", "5", "--raw", "input:0"}, "did you mean plc-a?"},
           {{"read", "--scan", "plc-b"}, "did you mean plc-a?"},
           {{"read", "pump-7", "--scan", "plc-a"}, "no device beside it"}}) {
    const Finished wrong = site.run(words);
    INFO(wrong.err);
    CHECK(wrong.status.code == 2);
    CHECK_THAT(wrong.err, Contains(complaint));
  }
}

TEST_CASE("cli: the unit ids that answer on a link") {
  support::Equipment equipment;
  equipment.set(1, config::Table::holding, 0, {1});
  equipment.set(17, config::Table::input, 0, {1});
  equipment.set(247, config::Table::holding, 0, {1});
  equipment.refuse(config::Table::holding, 0, 0, 2);
  const support::ModbusTcpServer server(equipment);
  const Site site(server.url(), "40ms");
  const Finished json = site.run({"read", "--scan", "plc-a", "--json"});
  INFO(json.out << json.err);
  CHECK(json.status.code == 0);
  const Json units = Json::parse(json.out)["units"];
  REQUIRE(units.size() == 3);
  CHECK(units[1] == Json{{"unit", 17}, {"reason", "illegal data address"}});
}

TEST_CASE("cli: a scan of a link that cannot connect says so, and why") {
  const Site site;
  const Finished scan = site.run({"read", "--scan", "plc-a"});
  CHECK(scan.status.code == 1);
  CHECK(scan.out.empty());
  CHECK(scan.err == "fieldpost: plc-a (tcp://127.0.0.1:1): cannot connect: Connection refused\n");
}

TEST_CASE("cli: read of what is not there") {
  const Site site;
  const Finished unreachable = site.run({"read", "pump-7"});
  CHECK(unreachable.status.code == 1);
  const Finished slip = site.run({"read", "pump-8"});
  CHECK(slip.status.code == 2);
  CHECK_THAT(slip.err, Contains("did you mean pump-7?"));
  const Finished point = site.run({"read", "pump-7", "presure"});
  CHECK(point.status.code == 2);
  CHECK_THAT(point.err, Contains("did you mean pressure?"));
}

TEST_CASE("cli: read and status go through the agent where it runs") {
  const Site site;
  Json status;
  const ControlServer server(control_path(site.database()), [&](const Request& request) {
    if (request.verb == "read") {
      return Json{{"device", request.read.device}, {"time", nullptr}, {"duration", 0.25}, {"points", Json::array()}}
          .dump();
    }
    return status.dump();
  });
  const Finished read = site.run({"read", "pump-7", "--json"});
  CHECK(read.status.code == 0);
  CHECK(Json::parse(read.out)["duration"] == 0.25);
  status = Json{{"agent", "gw-07"}, {"pid", 7}, {"link", {{"state", "up"}}}, {"queue", Json::object()}};
  CHECK(site.run({"status"}).status.code == 0);
  status["link"]["state"] = "down";
  CHECK(site.run({"status"}).status.code == 1);
  CHECK(Json::parse(site.run({"status", "--json"}).out) == status);
  status = Json{{"error", "ask again in a second"}};
  const Finished refused = site.run({"status"});
  CHECK(refused.status.code == 1);
  CHECK_THAT(refused.err, Contains("ask again in a second"));
}

}  // namespace fieldpost
