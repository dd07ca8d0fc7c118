// The verbs of the queue as processes of their own, on real databases.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "buffer/queue.h"
#include "buffer/sqlite.h"
#include "tests/support/agent_process.h"
#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Json = nlohmann::ordered_json;
using support::Finished;

constexpr std::int64_t minute = 60'000'000;

/// A folder with a configuration and the database of an agent that was stopped in order.
class Site {
 public:
  Site() {
    file_ = folder_.write("fieldpost.toml", "[agent]\nid = \"gw-07\"\n[buffer]\npath = \"" + database() +
                                                "\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\ntopic = \"t\"\n");
  }

  std::string database() const { return folder_ / "queue.db"; }
  const support::TempDir& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_ / name; }

  support::ProcessOptions options(std::vector<std::string> words) const {
    words.insert(words.begin(), {FIELDPOST_BINARY, "-c", file_});
    return {words, {}, ""};
  }
  Finished run(std::vector<std::string> words) const { return support::run(options(std::move(words)), 60s); }

  /// With a terminal on all three, and what somebody types; what is shown is out.
  Finished on_terminal(const std::string& typed, const std::string& words) const {
    const std::string command = std::string(FIELDPOST_BINARY) + " -c " + file_ + " " + words;
    return support::run({{"bash", "-c", "echo \"$0\" | script -qec \"$1\" /dev/null", typed, command}, {}, ""}, 60s);
  }

  std::uint64_t evicted() const {
    return Json::parse(run({"status", "--json"}).out)["account"]["evicted"].get<std::uint64_t>();
  }

  QueueOptions queue_options() const {
    QueueOptions options;
    options.path = database();
    options.agent = "gw-07";
    options.site = "kiruna";
    return options;
  }

  /// Two readings that Kafka refused for good.
  void leave_rejected() const {
    Queue queue(queue_options(), clock_);
    const Layout tank("yard", "tank-1", {{"photo", ""}, {"level", "m"}});
    queue.append(tank, clock_.now(), std::vector<Value>{std::string("large"), 1.5});
    const auto claim = queue.claim();
    REQUIRE(claim);
    queue.settle(*claim, {{}, {{0, "MSG_SIZE_TOO_LARGE", "telemetry.kiruna"}, {1, "INVALID_RECORD", "t"}}});
    queue.close();
    REQUIRE(queue.finish(10s).readings == 0);
  }

  /// Polls of two points each, a minute apart, the last one now; then an alarm.
  void leave(int polls) const {
    Queue queue(queue_options(), clock_);
    const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"state, \"raw\"", ""}});
    const Layout self("self", "gw-07", {{"state/pump-7", ""}}, Lane::alarm);
    for (int poll = polls - 1; poll >= 0; --poll) {
      Stamp stamp = clock_.now();
      stamp.wall -= poll * minute;
      queue.append(pump, stamp, std::vector<Value>{0.1F * static_cast<float>(poll), Bad{"timeout"}});
    }
    queue.append(self, clock_.now(), std::vector<Value>{std::string("up")});
    queue.close();
    REQUIRE(queue.finish(10s).readings == 0);
  }

 private:
  const SystemClock clock_;
  const support::TempDir folder_;
  std::string file_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<Json> records_of(const std::string& text) {
  std::vector<Json> records;
  for (const std::string& line : lines_of(text))
    records.push_back(Json::parse(line));
  return records;
}

}  // namespace

TEST_CASE("queue peek: by time, as an age and as a time") {
  const Site site;
  site.leave(10);
  CHECK(records_of(site.run({"queue", "peek", "--json"}).out).size() == 21);
  const auto recent = records_of(site.run({"queue", "peek", "--json", "--lane", "telemetry", "--since", "210s"}).out);
  REQUIRE(recent.size() == 8);  // of now, and of 1 to 3 minutes ago
  CHECK(recent.front()["seq"] == 13);
  const std::string time = recent.front()["time"];
  const auto before = records_of(site.run({"queue", "peek", "--json", "--until", time}).out);
  REQUIRE(before.size() == 12);
  CHECK(before.back()["seq"] == 12);
  const auto last = records_of(site.run({"queue", "peek", "--json", "--until", time, "--last", "1"}).out);
  REQUIRE(last.size() == 1);
  CHECK(last.front() == before.back());
  CHECK(site.run({"queue", "peek", "--since", "0s", "--until", "1m"}).out.empty());
}

TEST_CASE("queue peek: whoever reads it may leave") {
  const Site site;
  site.leave(5'000);
  const Finished head = support::run({{"bash", "-c", "set -o pipefail; \"$0\" -c \"$1\" queue peek | head -1",
                                       FIELDPOST_BINARY, site.path("fieldpost.toml")},
                                      {},
                                      ""},
                                     60s);
  CHECK(head.status.code == 0);
  CHECK(lines_of(head.out).size() == 1);
  CHECK(head.err.empty());
}

TEST_CASE("queue peek: --follow goes on with what comes") {
  const Site site;
  site.leave(1);
  support::Process follower(site.options({"queue", "peek", "--follow", "--last", "1"}));
  REQUIRE(follower.wait_for_output("/2\n", 30s));
  site.leave(2);
  CHECK(follower.wait_for_output("/5  alarm", 30s));
  SECTION("until SIGINT") {
    follower.kill(SIGINT);
  }
  SECTION("until SIGTERM") {
    follower.kill(SIGTERM);
  }
  const auto status = follower.wait(30s);
  REQUIRE(status);
  CHECK(status->code == 0);
  CHECK(lines_of(follower.out()).size() == 6);
  CHECK(follower.err().empty());
}

TEST_CASE("queue peek: --follow ends with its reader") {
  const Site site;
  site.leave(1);
  const Finished head = support::run({{"bash", "-c", "set -o pipefail; \"$0\" -c \"$1\" queue peek --follow | head -1",
                                       FIELDPOST_BINARY, site.path("fieldpost.toml")},
                                      {},
                                      ""},
                                     60s);
  CHECK(head.status.code == 0);
  CHECK(lines_of(head.out).size() == 1);
}

TEST_CASE("queue export: the same records as peek, to stdout and to a file") {
  const Site site;
  site.leave(3);
  const Finished peek = site.run({"queue", "peek", "--json"});
  const Finished to_stdout = site.run({"queue", "export"});
  CHECK(to_stdout.status.code == 0);
  CHECK(to_stdout.out == peek.out);
  CHECK(to_stdout.err.empty());
  const Finished to_file = site.run({"queue", "export", "--json", "-o", site.path("readings.json")});
  CHECK(to_file.status.code == 0);
  CHECK(to_file.out.empty());
  CHECK(to_file.err.empty());
  CHECK(support::read_file(site.path("readings.json")) == peek.out);
  CHECK(records_of(site.run({"queue", "export", "--device", "pump-7", "--last", "2"}).out).size() == 2);
}

TEST_CASE("queue export: comma-separated values") {
  const Site site;
  site.leave(1);
  const auto lines = lines_of(site.run({"queue", "export", "--csv"}).out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "agent,session,seq,lane,device,point,time,value,unit,quality,reason");
  const Json record = records_of(site.run({"queue", "export", "--lane", "alarm"}).out).front();
  const std::string session = record["session"].dump();
  const std::string time = record["time"];
  CHECK(lines[1] == "gw-07," + session + ",3,alarm,gw-07,state/pump-7," + time + ",up,,good,");
  CHECK(lines[2].starts_with("gw-07," + session + ",1,telemetry,pump-7,pressure,"));
  CHECK(lines[2].ends_with("Z,0,bar,good,"));
  CHECK(lines[3].starts_with("gw-07," + session + ",2,telemetry,pump-7,\"state, \"\"raw\"\"\","));
  CHECK(lines[3].ends_with("Z,,,bad,timeout"));
}

TEST_CASE("queue export: what cannot be done is said") {
  const Site site;
  const Finished absent = site.run({"queue", "export", "-o", site.path("out")});
  CHECK(absent.status.code == 1);
  CHECK(lines_of(absent.err).size() == 1);
  CHECK_FALSE(std::ifstream(site.path("out")).good());
  site.leave(1);
  const std::string before = support::read_file(site.database());
  for (const char* suffix : {"", ".lock"}) {
    const Finished itself = site.run({"queue", "export", "-o", site.database() + suffix});
    CHECK(itself.status.code == 2);
    CHECK_THAT(itself.err, Contains("is the buffer itself"));
  }
  CHECK(support::read_file(site.database()) == before);
  CHECK(site.run({"queue", "export", "--json", "--csv"}).status.code == 2);
  const Finished full = site.run({"queue", "export", "-o", "/dev/full"});
  CHECK(full.status.code == 1);
  CHECK_THAT(full.err, Contains("/dev/full: No space left on device"));
}

TEST_CASE("queue rejected: what Kafka refused, and why") {
  const Site site;
  site.leave_rejected();
  const Finished text = site.run({"queue", "rejected"});
  CHECK(text.status.code == 0);
  CHECK(lines_of(text.out).size() == 2);
  CHECK_THAT(text.out, Contains("tank-1/photo") && Contains(" by topic telemetry.kiruna: MSG_SIZE_TOO_LARGE\n"));
  const auto records = records_of(site.run({"queue", "rejected", "--json"}).out);
  REQUIRE(records.size() == 2);
  CHECK(records[0]["value"] == "large");
  CHECK(records[0]["seq"] == 1);
  CHECK(records[0]["rejected"]["reason"] == "MSG_SIZE_TOO_LARGE");
  CHECK(records[0]["rejected"]["topic"] == "telemetry.kiruna");
  CHECK(records[1]["point"] == "level");
  CHECK(records[1]["value"] == 1.5);
  CHECK(records[1]["rejected"]["time"].is_string());
}

TEST_CASE("queue verify: a whole buffer, a damaged one, and those set aside") {
  const Site site;
  site.leave(3);
  const Finished whole = site.run({"queue", "verify"});
  CHECK(whole.status.code == 0);
  CHECK(whole.out == site.database() + ": whole; readings 7, batches 2, rejected 0\n");
  std::filesystem::copy_file(site.database(), site.database() + ".damaged-20261122T090311Z");
  sqlite::Connection(site.database() + ".damaged-20261122T090311Z", sqlite::Mode::read_write)
      .run("UPDATE batch SET body = x'00' WHERE lane = 1");
  site.folder().write("queue.db.damaged-20261122T090312Z", std::string(10'000, 'n'));
  SECTION("set aside") {
    const Finished finished = site.run({"queue", "verify", "--json"});
    CHECK(finished.status.code == 0);
    const Json report = Json::parse(finished.out);
    CHECK(report["ok"] == true);
    CHECK(report["batches"] == 2);
    CHECK(report["readings"] == 7);
    CHECK(report["problems"] == Json::array());
    REQUIRE(report["set_aside"].size() == 2);
    CHECK(report["set_aside"][0]["file"] == site.database() + ".damaged-20261122T090311Z");
    CHECK(report["set_aside"][0]["ok"] == false);
    CHECK(report["set_aside"][0]["readings"] == 1);
    CHECK(report["set_aside"][0]["problems"].size() == 1);
    CHECK(report["set_aside"][1]["problems"] == Json{"this is no buffer of fieldpost"});
  }
  SECTION("damaged") {
    sqlite::Connection(site.database(), sqlite::Mode::read_write).run("UPDATE account SET waiting_alarm = 5");
    const Finished damaged = site.run({"queue", "verify"});
    CHECK(damaged.status.code == 1);
    CHECK_THAT(damaged.out, Contains(": damaged; readings 7, batches 2, rejected 0\n  account: says that 5 readings"));
    CHECK_THAT(damaged.out, Contains("set aside, and no part of the buffer any more:\n"));
    CHECK(Json::parse(site.run({"queue", "verify", "--json"}).out)["ok"] == false);
  }
}

TEST_CASE("queue purge: says what would go, and does not do it unasked") {
  const Site site;
  site.leave(3);
  const Finished unasked = site.run({"queue", "purge", "--lane", "telemetry"});
  CHECK(unasked.status.code == 2);
  CHECK(unasked.out.empty());
  CHECK_THAT(unasked.err,
             Contains("waiting readings to throw away: 6, batches 1; lane alarm 0, lane telemetry 6; from 20"));
  CHECK_THAT(unasked.err, Contains("add --yes"));
  CHECK(site.evicted() == 0);
  CHECK(site.on_terminal("n", "queue purge").status.code == 1);
  CHECK(site.on_terminal("", "queue purge").status.code == 1);
  CHECK(site.evicted() == 0);
  const Finished asked = site.on_terminal("y", "queue purge --lane telemetry");
  INFO(asked.out);
  CHECK(asked.status.code == 0);
  CHECK_THAT(asked.out, Contains("Throw them away for good? [y/N]") && Contains("purged 6 readings"));
  CHECK(site.evicted() == 6);
  CHECK(records_of(site.run({"queue", "peek", "--json", "--device", "pump-7"}).out).empty());
  CHECK(records_of(site.run({"queue", "peek", "--json", "--device", "gw-07"}).out).size() >= 1);
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

TEST_CASE("queue purge: only what is old enough") {
  const Site site;
  site.leave(10);
  const Finished young = site.run({"queue", "purge", "--before", "1m", "--yes"});
  CHECK(young.status.code == 0);  // every batch holds something younger
  CHECK_THAT(young.err, Contains("no waiting readings to throw away"));
  CHECK(site.evicted() == 0);
  CHECK(site.run({"queue", "purge", "--before", "0s", "--yes"}).status.code == 0);
  CHECK(site.evicted() == 21);
}

TEST_CASE("queue purge and retry: the rejected readings") {
  const Site site;
  site.leave_rejected();
  site.leave(1);
  SECTION("purge") {
    CHECK(site.run({"queue", "purge", "--rejected", "--yes"}).out ==
          "purged 2 readings; they are accounted as evicted\n");
    CHECK(site.evicted() == 2);
  }
  SECTION("retry") {
    CHECK(site.run({"queue", "retry"}).out == "2 rejected readings wait again, behind all others\n");
    const auto records = records_of(site.run({"queue", "peek", "--json", "--device", "tank-1"}).out);
    REQUIRE(records.size() == 2);
    CHECK(records[0]["value"] == "large");
  }
  CHECK(site.run({"queue", "rejected"}).out.empty());
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

TEST_CASE("queue: the verbs go through the agent where it runs") {
  const Site site;
  site.leave_rejected();
  site.leave(3);
  support::AgentProcess agent(FIELDPOST_BINARY, site.path("fieldpost.toml"));
  REQUIRE(agent.wait_for([](const Json& status) { return status["account"]["waiting"] >= 7; }, 30s));
  CHECK(records_of(site.run({"queue", "export"}).out).size() >= 7);
  CHECK(site.run({"queue", "verify"}).status.code == 0);
  CHECK(site.run({"queue", "purge", "--lane", "telemetry", "--yes"}).out ==
        "purged 6 readings; they are accounted as evicted\n");
  CHECK(site.run({"queue", "retry"}).out == "2 rejected readings wait again, behind all others\n");
  CHECK(agent.wait_for(
      [](const Json& status) {
        const Json& evicted = status["queue"]["evicted"];
        return status["account"]["evicted"] == 6 && status["account"]["rejected"] == 0 && evicted.size() == 1 &&
               evicted[0]["reason"] == "purge" && evicted[0]["readings"] == 6;
      },
      30s));
  CHECK_THAT(agent.log(), Contains("queue purge: 6 readings") && Contains("queue retry: 2 rejected readings"));
  REQUIRE(agent.terminate(30s));
  CHECK(records_of(site.run({"queue", "peek", "--json", "--device", "tank-1"}).out).size() == 2);
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

TEST_CASE("queue export: a progress bar on a terminal, and nowhere else") {
  const Site site;
  site.leave(3);
  const Finished shown = site.on_terminal("", "queue export -o " + site.path("readings.json"));
  CHECK(shown.status.code == 0);
  CHECK_THAT(shown.out, Contains(" %  ") && Contains(" readings/s  ") && Contains("7 readings written to "));
  CHECK(lines_of(support::read_file(site.path("readings.json"))).size() == 7);
  CHECK(site.run({"queue", "export", "-o", site.path("readings.json")}).err.empty());
}

}  // namespace fieldpost
