// The verbs that look after the buffer, as processes of their own: on a real database, and through a running agent.
#include <filesystem>

#include "buffer/sqlite.h"
#include "tests/support/agent_process.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/queue_site.h"

namespace fieldpost {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using support::Finished;
using support::Json;
using support::lines_of;
using support::QueueSite;
using support::records_of;

TEST_CASE("queue rejected: what Kafka refused, and why") {
  const QueueSite site(FIELDPOST_BINARY);
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
  const QueueSite site(FIELDPOST_BINARY);
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
  const QueueSite site(FIELDPOST_BINARY);
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
  CHECK_FALSE(site.run({"queue", "peek", "--device", "gw-07"}).out.empty());
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

TEST_CASE("queue purge: only what is old enough") {
  const QueueSite site(FIELDPOST_BINARY);
  site.leave(10);
  const Finished young = site.run({"queue", "purge", "--before", "1m", "--yes"});
  CHECK(young.status.code == 0);  // every batch holds something younger
  CHECK_THAT(young.err, Contains("no waiting readings to throw away"));
  CHECK(site.evicted() == 0);
  CHECK(site.run({"queue", "purge", "--before", "0s", "--yes"}).status.code == 0);
  CHECK(site.evicted() == 21);
}

TEST_CASE("queue purge and retry: the rejected readings") {
  const QueueSite site(FIELDPOST_BINARY);
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
  const QueueSite site(FIELDPOST_BINARY);
  site.leave_rejected();
  site.leave(3);
  support::AgentProcess agent(FIELDPOST_BINARY, site.config());
  REQUIRE(agent.wait_for([](const Json& status) { return status["account"]["waiting"] >= 7; }, 30s));
  CHECK(records_of(site.run({"queue", "export"}).out).size() >= 7);
  CHECK(site.run({"queue", "verify"}).status.code == 0);
  CHECK(site.run({"queue", "purge", "--lane", "alarm", "--yes"}).status.code == 0);
  CHECK(site.run({"queue", "purge", "--lane", "telemetry", "--yes"}).out ==
        "purged 6 readings; they are accounted as evicted\n");
  CHECK(site.run({"queue", "retry"}).out == "2 rejected readings wait again, behind all others\n");
  CHECK(agent.wait_for(
      [](const Json& status) {
        const Json& evicted = status["queue"]["evicted"];
        return status["account"]["evicted"] >= 6 && status["account"]["rejected"] == 0 && evicted.size() == 1 &&
               evicted[0]["reason"] == "purge" && evicted[0]["readings"] == status["account"]["evicted"];
      },
      30s));
  CHECK_THAT(agent.log(), Contains("queue purge: 6 readings") && Contains("queue retry: 2 rejected readings"));
  REQUIRE(agent.terminate(30s));
  CHECK(records_of(site.run({"queue", "peek", "--json", "--device", "tank-1"}).out).size() == 2);
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

TEST_CASE("status: what gives way is a problem, with its reason and its remedy, and is logged once") {
  const QueueSite site(FIELDPOST_BINARY, "max_age = \"1h\"\n");
  site.leave(10, 2h);
  site.leave(1);
  support::AgentProcess agent(FIELDPOST_BINARY, site.config());
  REQUIRE(agent.wait_for(
      [](const Json& status) {
        return status["problems"].size() == 1 && status["problems"][0]["code"] == "evicted-age" &&
               status["account"]["evicted"] >= 20;
      },
      30s));
  const Finished text = site.run({"status"});
  INFO(text.out);
  CHECK(text.status.code == 1);
  CHECK_THAT(text.out,
             Contains("PROBLEM  evicted-age buffer: readings have waited longer than buffer.max_age, 1 h 0 min"));
  CHECK_THAT(text.out, Contains("remedy: bring the link to Kafka back, or raise buffer.max_age"));
  CHECK_THAT(text.out, Contains("since the start, reason age, the last "));
  const std::string line = "error: buffer: readings have waited longer";
  REQUIRE(support::eventually(10s, [&] { return agent.log().find(line) != std::string::npos; }));
  REQUIRE(agent.terminate(30s));
  CHECK(agent.log().find(line) == agent.log().rfind(line));
  CHECK(site.run({"queue", "verify"}).status.code == 0);
}

}  // namespace fieldpost
