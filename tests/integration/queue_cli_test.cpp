// The listings of the queue as processes of their own, on real databases.
#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/queue_site.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using support::Finished;
using support::Json;
using support::lines_of;
using support::QueueSite;
using support::records_of;

TEST_CASE("queue peek: by time, as an age and as a time") {
  const QueueSite site(FIELDPOST_BINARY);
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
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(5'000);
  const Finished head = support::run(
      {{"bash", "-c", "set -o pipefail; \"$0\" -c \"$1\" queue peek | head -1", FIELDPOST_BINARY, site.config()},
       {},
       ""},
      60s);
  CHECK(head.status.code == 0);
  CHECK(lines_of(head.out).size() == 1);
  CHECK(head.err.empty());
}

TEST_CASE("queue peek: --follow goes on with what comes") {
  const QueueSite site(FIELDPOST_BINARY);
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

TEST_CASE("queue peek: --follow goes over to the file that takes the place of one set aside") {
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(1);
  support::Process follower(site.options({"queue", "peek", "--follow"}));
  REQUIRE(follower.wait_for_output("/3  alarm", 30s));
  std::filesystem::rename(site.database(), site.database() + ".damaged-20261122T090311Z");
  for (const char* suffix : {"-wal", "-shm"})
    std::filesystem::remove(site.database() + suffix);
  site.leave(7);
  CHECK(follower.wait_for_output("/15  alarm", 30s));
  follower.kill(SIGINT);
  const auto status = follower.wait(30s);
  REQUIRE(status);
  CHECK(status->code == 0);
  CHECK(follower.err().empty());
}

TEST_CASE("queue peek: --follow ends with its reader") {
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(1);
  const Finished head = support::run({{"bash", "-c", "set -o pipefail; \"$0\" -c \"$1\" queue peek --follow | head -1",
                                       FIELDPOST_BINARY, site.config()},
                                      {},
                                      ""},
                                     60s);
  CHECK(head.status.code == 0);
  CHECK(lines_of(head.out).size() == 1);
}

TEST_CASE("queue export: the same records as peek, to stdout and to a file") {
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(3);
  const Finished peek = site.run({"queue", "peek", "--json"});
  const Finished to_stdout = site.run({"queue", "export"});
  CHECK(to_stdout.status.code == 0);
  CHECK(to_stdout.out == peek.out);
  CHECK(to_stdout.err.empty());
  const Finished to_file = site.run({"queue", "export", "--json", "-o", (site.folder() / "readings.json")});
  CHECK(to_file.status.code == 0);
  CHECK(to_file.out.empty());
  CHECK(to_file.err.empty());
  CHECK(support::read_file((site.folder() / "readings.json")) == peek.out);
  CHECK(records_of(site.run({"queue", "export", "--device", "pump-7", "--last", "2"}).out).size() == 2);
}

TEST_CASE("queue export: comma-separated values") {
  const QueueSite site(FIELDPOST_BINARY);
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
  const QueueSite site(FIELDPOST_BINARY);
  const Finished absent = site.run({"queue", "export", "-o", (site.folder() / "out")});
  CHECK(absent.status.code == 1);
  CHECK(lines_of(absent.err).size() == 1);
  CHECK_FALSE(std::ifstream((site.folder() / "out")).good());
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

TEST_CASE("queue export: a progress bar on a terminal, and nowhere else") {
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(3);
  const Finished shown = site.on_terminal("", "queue export -o " + (site.folder() / "readings.json"));
  CHECK(shown.status.code == 0);
  CHECK_THAT(shown.out, Contains(" %  ") && Contains(" readings/s  ") && Contains("7 readings written to "));
  CHECK(lines_of(support::read_file((site.folder() / "readings.json"))).size() == 7);
  CHECK(site.run({"queue", "export", "-o", (site.folder() / "readings.json")}).err.empty());
}

}  // namespace fieldpost
