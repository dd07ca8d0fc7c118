#include "agent/forwarder/record.h"

#include <cstdlib>
#include <limits>

#include "agent/forwarder/json.h"
#include "agent/forwarder/kafka_stats.h"
#include "agent/forwarder/shape.h"
#include "tests/support/catch.h"

using namespace fieldpost;

namespace {

const SessionInfo kSession{1882603006543438, "gw-07", "kiruna"};
constexpr std::int64_t kTime = 1795338191123456;  // 2026-11-22T09:03:11.123456Z

std::string record(const ValueView& value, const PointName& point = {"pressure", "bar"}) {
  std::string out;
  append_record(out, RecordFrame({"plc", "pump-7", {point}}, point), record_head(kSession), 345, {kTime}, value);
  return out;
}

template <typename Number>
std::string text(Number number) {
  std::string out;
  json::append_number(out, number);
  return out;
}

std::string quoted(std::string_view string) {
  std::string out;
  json::append_string(out, string);
  return out;
}

std::string rfc3339(std::int64_t wall) {
  std::string out;
  json::append_time(out, wall);
  return out;
}

}  // namespace

TEST_CASE("a record is the design's, byte for byte") {
  CHECK(record(4.21F) ==
        R"({"agent":"gw-07","session":1882603006543438,"seq":345,"device":"pump-7","point":"pressure",)"
        R"("time":"2026-11-22T09:03:11.123456Z","value":4.21,"unit":"bar","quality":"good"})");
  CHECK(record(BadView{"timeout"}, {"flow", ""}) ==
        R"({"agent":"gw-07","session":1882603006543438,"seq":345,"device":"pump-7","point":"flow",)"
        R"("time":"2026-11-22T09:03:11.123456Z","value":null,"quality":"bad","reason":"timeout"})");
  CHECK(record(true).find("\"value\":true,") != std::string::npos);
  CHECK(record(std::string_view("on\n")).find("\"value\":\"on\\n\",") != std::string::npos);
}

TEST_CASE("numbers are the shortest that read back") {
  CHECK(text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text(0.3) == "0.3");
  CHECK(text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text(0.1F) == "0.1");
  CHECK(text(16777216.0F) == "16777216");
  CHECK(text(-0.0) == "-0");
  CHECK(std::strtod(text(std::numeric_limits<double>::denorm_min()).c_str(), nullptr) ==
        std::numeric_limits<double>::denorm_min());
}

TEST_CASE("strings are escaped, and what is no UTF-8 is replaced") {
  CHECK(quoted("kär \"a\\b\"") == "\"kär \\\"a\\\\b\\\"\"");
  CHECK(quoted(std::string_view("\0\x1f\t", 3)) == "\"\\u0000\\u001f\\t\"");
  CHECK(quoted("\xF0\x9F\x9B\xB0") == "\"\xF0\x9F\x9B\xB0\"");
  CHECK(quoted("a\xff"
               "b") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(quoted("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");      // overlong
  CHECK(quoted("\xED\xA0\x80").find('\xED') == std::string::npos);  // a surrogate
  CHECK(quoted("\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");      // cut short
}

TEST_CASE("times are RFC 3339 in UTC, whatever the clock says") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(rfc3339(951782400000000) == "2000-02-29T00:00:00.000000Z");
  CHECK(rfc3339(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999999Z");
  CHECK(rfc3339(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000000Z");
}

TEST_CASE("topic and key are made of the templates, and Kafka's rules are kept") {
  config::Kafka kafka;
  kafka.topic = "t.{site}.{device}";
  kafka.key = "{agent}/{source}/{point}";
  Shapes shapes(kafka);
  const Layout layout("plc a", "pump/7", {{"p 1", ""}, {"p2", ""}});
  BatchBuilder builder(kSession.id, Lane::telemetry, 1);
  builder.add(layout, {1, 1}, 1, std::vector<Value>{true, false});
  const Batch batch = builder.close();
  BatchReader reader(batch);
  REQUIRE(reader.next());
  const std::vector<MessageShape>& shape = shapes.of(kSession, reader.layout()).messages;
  REQUIRE(shape.size() == 2);
  CHECK(shape[0].topic == "t.kiruna.pump_7");
  CHECK(shape[0].key == "gw-07/plc a/p 1");
  CHECK(shape[1].key == "gw-07/plc a/p2");
  CHECK(kafka_topic("..") == ".._");
  CHECK(kafka_topic("kär").size() == 4);
  CHECK(kafka_topic(std::string(300, 'x')).size() == 249);
}

TEST_CASE("a reading taken before the clock was set gets its true time in the same boot, and says so else") {
  constexpr std::int64_t kSecond = 1'000'000;
  const Stamp taken{20 * kSecond, 20 * kSecond, false};  // 1970
  const Stamp now{kTime, 50 * kSecond, true};
  CHECK(time_of(taken, 7, now, 7).wall == kTime - 30 * kSecond);
  CHECK(time_of(taken, 7, now, 7).mark == ClockMark::corrected);
  CHECK(time_of(taken, 6, now, 7).mark == ClockMark::unsynchronised);
  CHECK(time_of(taken, 6, now, 7).wall == 20 * kSecond);
  CHECK(time_of(taken, 0, now, 0).mark == ClockMark::unsynchronised);  // of a boot that nobody knows
  CHECK(time_of(taken, 7, {30 * kSecond, 30 * kSecond, false}, 7).mark == ClockMark::unsynchronised);
  // The clock was right when it was taken: what it says now, an hour back, changes nothing.
  CHECK(time_of({kTime, 20 * kSecond}, 7, {kTime - 3600 * kSecond, 50 * kSecond}, 7).wall == kTime);
  std::string out;
  const PointName point{"p", ""};
  const RecordFrame frame({"plc", "pump-7", {point}}, point);
  append_record(out, frame, record_head(kSession), 1, {kTime, ClockMark::corrected}, true);
  append_record(out, frame, record_head(kSession), 2, {kTime, ClockMark::unsynchronised}, true);
  CHECK(out.find("Z\",\"clock\":\"corrected\",\"value\":true") != std::string::npos);
  CHECK(out.find("Z\",\"clock\":\"unsynchronised\",\"value\":true") != std::string::npos);
}

TEST_CASE("what the agent says of itself is a record like any other") {
  std::string out;
  const PointName point{"evicted", ""};
  append_record(out, RecordFrame({"self", "gw-07", {point}}, point), record_head(kSession), 9, {kTime},
                EventView{R"("value":2,"ranges":[],"lane":"telemetry","reason":"size")"});
  CHECK(out.ends_with(R"(Z","value":2,"ranges":[],"lane":"telemetry","reason":"size","quality":"good"})"));
}

TEST_CASE("brokers are counted from the statistics, and those that are up") {
  const ClusterState cluster = read_statistics(R"({"brokers":{"b1":{"nodeid":1,"state":"UP"},
      "b2":{"nodeid":2,"state":"DOWN"},"TxnCoordinator":{"nodeid":1,"state":"UP"},"boot":{"nodeid":-1,"state":"UP"}}})");
  CHECK(cluster.up == 1);
  CHECK(cluster.known == 2);
  const ClusterState early =
      read_statistics(R"({"brokers":{"boot":{"nodeid":-1,"state":"UP"},"two":{"nodeid":-1,"state":"UP"}}})");
  CHECK(early.up == 1);
  CHECK(early.known == 0);
  CHECK(read_statistics(R"({"brokers":{}})").up == 0);
  CHECK(read_statistics("no JSON").up == -1);
  const auto topics = read_statistics(R"({"brokers":{},"topics":{
      "new":{"partitions":{"-1":{"leader":-1}}},
      "fine":{"partitions":{"-1":{"leader":-1},"0":{"leader":1},"1":{"leader":2}}},
      "half":{"partitions":{"-1":{"leader":-1},"0":{"leader":1},"1":{"leader":-1}}}}})");
  CHECK(topics.leaderless == std::set<std::string>{"half"});
}
