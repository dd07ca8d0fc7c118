#include "agent/status.h"

#include <nlohmann/json.hpp>

#include "agent/status_text.h"
#include "agent/text.h"
#include "tests/support/catch.h"

namespace fieldpost {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t now = 1'795'338'191'123'456;  // 2026-11-22T09:03:11.123456Z
constexpr std::int64_t second = 1'000'000;

drivers::SourceHealth plc() {
  drivers::SourceHealth health;
  health.name = "plc-a";
  health.driver = "modbus";
  health.url = "tcp://10.0.4.11:502";
  health.state = drivers::State::up;
  health.since = now - 60 * second;
  drivers::DeviceHealth pump;
  pump.name = "pump-7";
  pump.state = drivers::State::up;
  pump.last_reading = now - second / 2;
  pump.polls = 1234;
  health.devices = {pump};
  return health;
}

Status healthy() {
  Status status;
  status.agent = "gw-07";
  status.version = "0.1.0";
  status.pid = 4711;
  status.uptime = 7'384;
  status.link = {LinkStatus::State::up, now - 3600 * second, "", 2, 0.0012, 0.0031, 20};
  status.queue.session = 1'882'603'006'543'438;
  status.queue.previous = Previous{1'882'603'006'543'437, false, 99};
  status.queue.account = {12'345, 12'000, 345, 0, 0};
  status.queue.waiting_telemetry = 340;
  status.queue.waiting_alarm = 5;
  status.queue.waiting_bytes = 20'000;
  status.queue.oldest_age = 3 * second;
  status.queue.disk_bytes = 4096;
  status.queue.max_bytes = 1U << 30;
  status.queue.evictions = {{"age", {20, now - 3600 * second}}};
  status.full_in = 7200;
  status.max_memory = 16U << 20;
  status.clock = "synchronised";
  status.sources = {{plc(), 20}};
  return status;
}

StatusText shown(const Status& status) {
  return render_status(to_json(status), now, false);
}

}  // namespace

TEST_CASE("status: the JSON has the agreed keys, in their order") {
  const Json json = Json::parse(to_json(healthy()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items())
    keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"agent", "version", "session", "pid", "uptime", "link", "problems", "clock",
                                         "commit_duration_p99", "previous", "queue", "account", "sources"});
  CHECK(json["session"] == 1'882'603'006'543'438U);
  CHECK(json["link"] == Json::parse(R"({"state":"up","since":"2026-11-22T08:03:11.123456Z","error":null,"brokers_up":2,
    "ack_p50":0.0012,"ack_p99":0.0031,"delivered_per_s":20.0})"));
  CHECK(json["previous"] == Json::parse(R"({"session":1882603006543437,"end":"crash","last":99})"));
  CHECK(json["account"] == Json::parse(R"({"read":12345,"delivered":12000,"waiting":345,"rejected":0,"evicted":0})"));
  CHECK(json["queue"]["waiting"] == 345);
  CHECK(json["queue"]["oldest_age"] == 3.0);
  CHECK(json["queue"]["disk_bytes"] == 4096);
  CHECK(json["queue"]["max_bytes"] == 1U << 30);
  CHECK(json["queue"]["full_in"] == 7200.0);
  CHECK(json["queue"]["evicted"] ==
        Json::parse(R"([{"reason":"age","readings":20,"last":"2026-11-22T08:03:11.123456Z"}])"));
  CHECK(json["clock"] == "synchronised");
  CHECK(json["queue"]["lanes"] == Json::parse(R"([{"name":"alarm","waiting":5},{"name":"telemetry","waiting":340}])"));
  CHECK(json["sources"][0]["devices"][0]["name"] == "pump-7");
  CHECK(json["sources"][0]["devices"][0]["last_reading"] == "2026-11-22T09:03:10.623456Z");
}

TEST_CASE("status: what is not known is null") {
  Status status = healthy();
  status.link.ack_p50.reset();
  status.queue.previous.reset();
  status.full_in.reset();
  status.queue.account = {};
  const Json json = Json::parse(to_json(status));
  CHECK(json["link"]["ack_p50"].is_null());
  CHECK(json["previous"].is_null());
  CHECK(json["queue"]["full_in"].is_null());
  CHECK(json["queue"]["oldest_age"].is_null());
  CHECK(json["commit_duration_p99"].is_null());
}

TEST_CASE("status: names that are no UTF-8 do not break it") {
  Status status = healthy();
  status.sources[0].health.name = "yard\xff";
  status.sources[0].health.last_bad_payload = "a\x1b[2J";
  status.sources[0].health.bad_payloads = 1;
  CHECK(Json::accept(to_json(status)));
  CHECK(shown(status).text.find('\x1b') == std::string::npos);
}

TEST_CASE("status: messages with a problem name their rule, and what to do") {
  Status status = healthy();
  status.sources[0].health.name = "yard";
  status.sources[0].health.driver = "mqtt";
  status.sources[0].health.devices[0].errors = 3;
  status.sources[0].health.bad_payloads = 1'200;
  status.sources[0].health.last_bad_remedy = "fieldpost mqtt yard shows each message";
  status.sources[0].health.last_bad_payload = "yard/tank-1/state: no value at /level";
  status.sources[0].health.last_bad_rule = "fieldpost.toml:21: mqtt[yard].subscribe[1], topic \"yard/+/state\"";
  CHECK(Json::parse(to_json(status))["sources"][0]["last_bad_rule"] == status.sources[0].health.last_bad_rule);
  const std::string text = shown(status).text;
  for (const char* expected : {"1,200 messages with a problem, the last: yard/tank-1/state: no value at /level\n",
                               "rule: fieldpost.toml:21: mqtt[yard].subscribe[1], topic \"yard/+/state\"\n",
                               "remedy: fieldpost mqtt yard shows each message\n", ", messages 1,234, failed 3\n"}) {
    CHECK_THAT(text, Catch::Matchers::Contains(expected));
  }
}

TEST_CASE("status: messages that no rule names are counted, and what to do") {
  Status status = healthy();
  CHECK_THAT(shown(status).text, !Catch::Matchers::Contains("no rule names"));
  status.sources[0].health.unasked = 12;
  status.sources[0].health.last_unasked = "yard/old";
  status.sources[0].health.unasked_remedy = "log in once";
  CHECK(Json::parse(to_json(status))["sources"][0]["unasked"] == 12);
  CHECK_THAT(shown(status).text, Catch::Matchers::Contains("  12 messages that no rule names, the last: yard/old\n"
                                                           "    remedy: log in once\n"));
}

TEST_CASE("status: a session that the broker has lost is told, and what to do") {
  Status status = healthy();
  CHECK_THAT(shown(status).text, !Catch::Matchers::Contains("forgotten"));
  status.sources[0].health.lost_sessions = 1;
  status.sources[0].health.lost_remedy = "have it written down";
  CHECK(Json::parse(to_json(status))["sources"][0]["lost_sessions"] == 1);
  CHECK_THAT(shown(status).text,
             Catch::Matchers::Contains(
                 "  the broker had forgotten the agent's session: what it kept for it meanwhile is lost\n"
                 "    remedy: have it written down\n"));
  status.sources[0].health.lost_sessions = 2;
  CHECK_THAT(shown(status).text, Catch::Matchers::Contains("the agent's session, 2 times: what"));
}

TEST_CASE("status: what waits at a broker, and devices beyond the list, are said") {
  Status status = healthy();
  CHECK_THAT(shown(status).text, !Catch::Matchers::Contains("not acknowledged"));
  status.sources[0].health.unacknowledged = 1'000;
  status.sources[0].health.unlisted = 12'345;
  const Json json = Json::parse(to_json(status))["sources"][0];
  CHECK(json["unacknowledged"] == 1'000);
  CHECK(json["unlisted"] == 12'345);
  const std::string text = shown(status).text;
  CHECK_THAT(text, Catch::Matchers::Contains("  1,000 messages not acknowledged yet: the broker keeps them"));
  status.sources[0].health.unacknowledged = 1;
  CHECK_THAT(shown(status).text, Catch::Matchers::Contains("  1 message not acknowledged yet"));
  CHECK_THAT(text, Catch::Matchers::Contains("more than 1 devices: the others are taken and not listed, with 12,345"));
}

TEST_CASE("status: the text says what an operator looks for first") {
  const StatusText shown_status = shown(healthy());
  INFO(shown_status.text);
  CHECK(shown_status.running);
  CHECK_FALSE(shown_status.degraded);
  for (const char* expected :
       {"agent    gw-07, fieldpost 0.1.0, pid 4711, up 2 h 3 min", "link     up for 1 h 0 min",
        "acknowledged in 1.2 ms (p99 3.1 ms)", "waiting  345 readings, 19.5 KiB, oldest 3.0 s, 5 of them alarms",
        "on disk 4.0 KiB of 1.0 GiB (0 %), full in 2 h 0 min at the present rate", "in RAM 0 B of 16.0 MiB",
        "evicted  20 readings since the start, reason age, the last 1 h 0 min ago",
        "account  read 12,345 = delivered 12,000 + waiting 345 + rejected 0 + evicted 0", "plc-a",
        "last reading 500 ms ago, polls 1,234", "ended without a stop (killed, crash, power), known up to seq 99"}) {
    CHECK_THAT(shown_status.text, Catch::Matchers::Contains(expected));
  }
}

TEST_CASE("status: whatever is not up makes it degraded, and is said in words") {
  Status status = healthy();
  SECTION("the link") {
    status.link.state = LinkStatus::State::down;
    status.link.error = "ground-1:9093: connection refused";
    CHECK_THAT(shown(status).text,
               Catch::Matchers::Contains("link     down for 1 h 0 min: ground-1:9093: connection refused"));
    CHECK_THAT(shown(status).text, !Catch::Matchers::Contains("acknowledged in"));  // of before the outage
  }
  SECTION("a source") {
    status.sources[0].health.state = drivers::State::connecting;
    CHECK_THAT(shown(status).text, Catch::Matchers::Contains("connecting"));
  }
  SECTION("a device") {
    status.sources[0].health.devices[0].state = drivers::State::down;
    status.sources[0].health.devices[0].error = "timeout";
    CHECK_THAT(shown(status).text, Catch::Matchers::Contains("down       timeout"));
  }
  SECTION("a problem of the agent's") {
    status.problems = {{"credentials", "kafka", "the broker refused the login", "correct the password", now}};
    CHECK_THAT(shown(status).text,
               Catch::Matchers::Contains("PROBLEM  credentials kafka for 0 s: the broker refused the "
                                         "login\n         remedy: correct the password\n"));
  }
  CHECK(shown(status).degraded);
}

TEST_CASE("status: a database without its agent") {
  StoredState stored;
  stored.account.delivered = 4;
  stored.account.waiting_telemetry = 5;
  stored.account.waiting_alarm = 1;
  stored.oldest = now - 90 * second;
  stored.last = StoredSession{{7, "gw-07", "kiruna"}, 0, 10, true};
  stored.disk_bytes = 1U << 20;
  const std::string json = to_json(stored, 1U << 30, "0.1.0", now);
  const StatusText shown_status = render_status(json, now, false);
  INFO(shown_status.text);
  CHECK_FALSE(shown_status.running);
  CHECK(Json::parse(json)["agent"] == "gw-07");
  for (const char* unknown : {"link", "pid", "session", "uptime"})
    CHECK(Json::parse(json)[unknown].is_null());
  for (const char* expected :
       {"not running", "session  7 ended in order at seq 10", "on disk 1.0 MiB of 1.0 GiB",
        "oldest 1 min 30 s, 1 of them alarms", "read 10 = delivered 4 + waiting 6 + rejected 0 + evicted 0"}) {
    CHECK_THAT(shown_status.text, Catch::Matchers::Contains(expected));
  }
}

TEST_CASE("status: colour only where it is asked for") {
  CHECK(render_status(to_json(healthy()), now, true).text.find("\033[32mup") != std::string::npos);
  CHECK(shown(healthy()).text.find('\033') == std::string::npos);
}

TEST_CASE("status: an answer that is none") {
  CHECK_THROWS_WITH(render_status(R"({"error":"ask again in a second"})", now, false), "ask again in a second");
  CHECK_THROWS(render_status("nonsense", now, false));
}

TEST_CASE("text: times, counts, durations and sizes") {
  CHECK(rfc3339(now) == "2026-11-22T09:03:11.123456Z");
  CHECK(parse_rfc3339(rfc3339(now)) == now);
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(parse_rfc3339("yesterday") == 0);
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(duration_text(0) == "0 s");
  CHECK(duration_text(0.000'85) == "850 us");
  CHECK(duration_text(0.001'2) == "1.2 ms");
  CHECK(duration_text(0.25) == "250 ms");
  CHECK(duration_text(3.44) == "3.4 s");
  CHECK(duration_text(59.99) == "1 min 0 s");
  CHECK(duration_text(11'040) == "3 h 4 min");
  CHECK(duration_text(183'600) == "2 d 3 h");
  CHECK(size_text(512) == "512 B");
  CHECK(size_text(12'595) == "12.3 KiB");
  CHECK(size_text(1ULL << 30) == "1.0 GiB");
  CHECK(printable("a\nb\x1b"
                  "c\xc2\x9b"
                  "d\xc3\xa4") == "a b c d\xc3\xa4");
}

}  // namespace fieldpost
