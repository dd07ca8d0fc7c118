#include "agent/forwarder/encoder.h"

#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/unit/encoded.h"

using namespace fieldpost;
using nlohmann::json;

namespace {

const SessionInfo session{1'882'603'006'543'438, "gw-07", "kiruna"};
constexpr std::int64_t time_us = 1'795'338'191'123'456;  // 2026-11-22T09:03:11.123456Z
const EncodingMoment moment{{time_us, 50'000'000}, 7, session.id, 0};

std::vector<Encoded> encode(const config::Kafka& kafka, const Batch& batch, const EncodingMoment& at = moment) {
  return fieldpost::encode(kafka, batch, session, at);
}

Batch poll(std::vector<PointName> points, const std::vector<Value>& values,
           const Stamp& stamp = {time_us, 20'000'000}) {
  BatchBuilder builder(session.id, Lane::telemetry, 7);
  builder.add(Layout("plc-a", "pump-7", std::move(points)), stamp, 345, values);
  return builder.close();
}

}  // namespace

TEST_CASE("a reading is a message of its own, with its identity in the header") {
  const std::vector<Encoded> sent = encode({}, poll({{"pressure", "bar"}, {"flow", ""}}, {4.21F, Bad{"timeout"}}));
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].topic == "telemetry.kiruna");
  CHECK(sent[0].key == "pump-7");
  CHECK(sent[0].timestamp_ms == time_us / 1000);
  CHECK(sent[0].headers == std::map<std::string, std::string>{{"id", "gw-07/1882603006543438/345"},
                                                              {"content-type", "application/json"},
                                                              {"agent", "gw-07"},
                                                              {"schema", "fieldpost.reading/1"}});
  CHECK(json::parse(sent[0].value)["value"] == 4.21);
  CHECK(sent[1].headers.at("id") == "gw-07/1882603006543438/346");
  CHECK(json::parse(sent[1].value)["reason"] == "timeout");
  CHECK(sent[1].first == 1);
  CHECK(sent[1].readings == 1);
}

TEST_CASE("a layout's remark is the reason of its good values") {
  BatchBuilder builder(session.id, Lane::telemetry, 7);
  const Layout tank = Layout("yard", "tank", {{"level", "m"}, {"flow", ""}}).remarked("retained");
  builder.add(tank, {time_us, 20'000'000}, 345, std::vector<Value>{1.5, Bad{"no value at /flow"}});
  const Batch batch = builder.close();
  config::Kafka kafka;
  SECTION("as readings") {
    const std::vector<Encoded> sent = encode(kafka, batch);
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].value.ends_with(R"("value":1.5,"unit":"m","quality":"good","reason":"retained"})"));
    CHECK(sent[1].value.ends_with(R"("value":null,"quality":"bad","reason":"no value at /flow"})"));
  }
  SECTION("as a poll") {
    kafka.record = config::Record::device;
    CHECK(encode(kafka, batch)[0].value.ends_with(
        R"("values":{"level":1.5},"codes":{},"bad":{"flow":"no value at /flow"},"reason":"retained"})"));
  }
  SECTION("as columns") {
    kafka.format = config::Format::json_schema;
    const std::vector<Encoded> sent = encode(kafka, batch);
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].value.ends_with(R"("quality":"good","reason":"retained"}})"));
    CHECK(sent[1].value.ends_with(R"("quality":"bad","reason":"no value at /flow"}})"));
  }
}

TEST_CASE("what waited through an outage or a start is marked, and what has no time gets that of sending") {
  const Batch batch = poll({{"p", ""}}, {true});
  CHECK(encode({}, batch)[0].headers.count("backfill") == 0);
  EncodingMoment later = moment;
  later.restored = 20'000'001;
  CHECK(encode({}, batch, later)[0].headers.at("backfill") == "1");
  EncodingMoment restarted = moment;
  restarted.session = session.id + 1;
  CHECK(encode({}, batch, restarted)[0].headers.at("backfill") == "1");
  EncodingMoment unset = moment;
  unset.boot = 8;
  CHECK(encode({}, poll({{"p", ""}}, {true}, {1, 1, false}), unset)[0].timestamp_ms == time_us / 1000);
  CHECK(encode({}, poll({{"p", ""}}, {true}, {-1, 1}))[0].timestamp_ms == time_us / 1000);
  constexpr std::int64_t minute = 60'000'000;
  CHECK(encode({}, poll({{"p", ""}}, {true}, {time_us + 60 * minute, 1}))[0].timestamp_ms == time_us / 1000);
  const std::int64_t soon = time_us + 40 * minute;
  CHECK(encode({}, poll({{"p", ""}}, {true}, {soon, 1}))[0].timestamp_ms == soon / 1000);
}

TEST_CASE("a poll is one message where a record is a device's, and what the agent says is not") {
  config::Kafka kafka;
  kafka.record = config::Record::device;
  BatchBuilder builder(session.id, Lane::telemetry, 7);
  const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}, {"flow", "m3/h"}});
  builder.add(pump, {time_us, 20'000'000}, 345, std::vector<Value>{4.21F, true, Bad{"timeout"}});
  builder.add(Layout("self", "gw-07", {{"evicted", ""}, {"state/pump-7", ""}}), {time_us, 20'000'000}, 348,
              std::vector<Value>{Event{R"("value":2,"lane":"telemetry")"}, Event{R"("value":"up")"}});
  builder.add(pump, {time_us, 20'000'000}, 350, std::vector<Value>{4.22F, false, 1.5});
  const std::vector<Encoded> sent = encode(kafka, builder.close());
  REQUIRE(sent.size() == 4);
  CHECK(sent[0].value == R"({"agent":"gw-07","session":1882603006543438,"seq":345,"count":3,"device":"pump-7",)"
                         R"("time":"2026-11-22T09:03:11.123456Z","values":{"pressure":4.21,"running":true},"codes":{},)"
                         R"("bad":{"flow":"timeout"}})");
  CHECK(sent[0].headers.at("schema") == "fieldpost.device/1");
  CHECK(sent[0].headers.at("id") == "gw-07/1882603006543438/345");
  CHECK(sent[0].readings == 3);
  CHECK(sent[1].headers.at("schema") == "fieldpost.reading/1");
  CHECK(json::parse(sent[1].value)["lane"] == "telemetry");
  CHECK(sent[2].headers.at("id") == "gw-07/1882603006543438/349");
  CHECK(sent[2].first == 4);
  CHECK(sent[2].readings == 1);
  CHECK(sent[3].headers.at("id") == "gw-07/1882603006543438/350");
  CHECK(sent[3].first == 5);
  CHECK(json::parse(sent[3].value)["bad"] == json::object());
}

TEST_CASE("a poll's values are exact, and a poll without any is a record too") {
  config::Kafka kafka;
  kafka.record = config::Record::device;
  const json exact =
      json::parse(encode(kafka, poll({{"a \"b\"", ""}, {"c", ""}, {"d", ""}, {"e", ""}},
                                     {std::numeric_limits<std::uint64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min(), 0.3, std::string("on\n")}))[0]
                      .value);
  CHECK(exact["values"]["a \"b\""] == std::numeric_limits<std::uint64_t>::max());
  CHECK(exact["values"]["c"] == std::numeric_limits<std::int64_t>::min());
  CHECK(exact["values"]["d"] == 0.3);
  CHECK(exact["values"]["e"] == "on\n");
  EncodingMoment unset = moment;
  unset.boot = 8;
  const json bad =
      json::parse(encode(kafka, poll({{"p", ""}}, {number(std::nan(""))}, {time_us, 1, false}), unset)[0].value);
  CHECK(bad["values"] == json::object());
  CHECK(bad["bad"] == json{{"p", "not a number"}});
  CHECK(bad["clock"] == "unsynchronised");
}

TEST_CASE("a CloudEvent in structured mode carries the record as its data") {
  config::Kafka kafka;
  kafka.format = config::Format::cloudevents;
  const Encoded sent = encode(kafka, poll({{"p 1/ä", ""}}, {true}))[0];
  CHECK(sent.headers.at("content-type") == "application/cloudevents+json; charset=UTF-8");
  CHECK(sent.headers.at("id") == "gw-07/1882603006543438/345");
  CHECK(sent.headers.count("ce_id") == 0);
  const json event = json::parse(sent.value);
  const Encoded plain = encode({}, poll({{"p 1/ä", ""}}, {true}))[0];
  CHECK(event == json{{"specversion", "1.0"},
                      {"id", "gw-07/1882603006543438/345"},
                      {"source", "/fieldpost/gw-07"},
                      {"type", "fieldpost.reading"},
                      {"subject", "pump-7/p%201%2F%C3%A4"},
                      {"time", "2026-11-22T09:03:11.123456Z"},
                      {"datacontenttype", "application/json"},
                      {"data", json::parse(plain.value)}});
  kafka.record = config::Record::device;
  const json device = json::parse(encode(kafka, poll({{"a", ""}, {"b", ""}}, {true, false}))[0].value);
  CHECK(device["type"] == "fieldpost.device");
  CHECK(device["subject"] == "pump-7");
  CHECK(device["data"]["count"] == 2);
}

TEST_CASE("a CloudEvent in binary mode has its attributes in the headers and the plain record as its value") {
  config::Kafka kafka;
  kafka.format = config::Format::cloudevents_binary;
  EncodingMoment later = moment;
  later.restored = 20'000'001;
  const Batch batch = poll({{"pressure", "bar"}, {"flow", ""}}, {4.21F, Bad{"timeout"}});
  const std::vector<Encoded> sent = encode(kafka, batch, later);
  const std::vector<Encoded> plain = encode({}, batch, later);
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].value == plain[1].value);
  CHECK(sent[1].headers == std::map<std::string, std::string>{{"id", "gw-07/1882603006543438/346"},
                                                              {"content-type", "application/json"},
                                                              {"agent", "gw-07"},
                                                              {"schema", "fieldpost.reading/1"},
                                                              {"ce_specversion", "1.0"},
                                                              {"ce_id", "gw-07/1882603006543438/346"},
                                                              {"ce_source", "/fieldpost/gw-07"},
                                                              {"ce_type", "fieldpost.reading"},
                                                              {"ce_subject", "pump-7/flow"},
                                                              {"ce_time", "2026-11-22T09:03:11.123456Z"},
                                                              {"backfill", "1"}});
}

TEST_CASE("json-schema gives each kind of value its columns") {
  config::Kafka kafka;
  kafka.format = config::Format::json_schema;
  const std::vector<Encoded> sent = encode(
      kafka, poll({{"a", "bar"}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""}, {"g", ""}, {"h", ""}},
                  {4.21F, true, std::string("on"), Bad{"timeout"}, std::numeric_limits<std::uint64_t>::max(),
                   std::int64_t{-(1LL << 53) - 1}, std::int64_t{1LL << 53}, Event{R"("value":"raised","limit":6.5)"}}));
  std::vector<json> rows;
  for (const Encoded& one : sent) {
    const json envelope = json::parse(one.value);
    rows.push_back(envelope["payload"]);
    std::size_t columns = 0;
    for (const json& field : envelope["schema"]["fields"]) {
      ++columns;
      const json& cell = rows.back().at(field["field"].get<std::string>());
      if (!field["optional"].get<bool>()) CHECK_FALSE(cell.is_null());
    }
    CHECK(columns == rows.back().size());
  }
  REQUIRE(rows.size() == 8);
  CHECK(sent[0].headers.at("schema") == "fieldpost.columns/1");
  CHECK(rows[0] == json::parse(R"({"agent":"gw-07","session":1882603006543438,"seq":345,"device":"pump-7","point":"a",
      "time":1795338191123,"time_us":1795338191123456,"clock":null,"value":4.21,"text":null,"code":null,"unit":"bar",
      "quality":"good","reason":null})"));
  CHECK((rows[1]["value"] == 1 && rows[1]["text"] == "true"));
  CHECK((rows[2]["value"].is_null() && rows[2]["text"] == "on"));
  CHECK((rows[3]["value"].is_null() && rows[3]["quality"] == "bad" && rows[3]["reason"] == "timeout"));
  CHECK((rows[4]["value"] == std::numeric_limits<std::uint64_t>::max() && rows[4]["text"] == "18446744073709551615"));
  CHECK(rows[5]["text"] == "-9007199254740993");
  CHECK(rows[6]["text"].is_null());
  CHECK(json::parse(rows[7]["text"].get<std::string>()) == json{{"value", "raised"}, {"limit", 6.5}});
}

TEST_CASE("an encoder stops when its messages are not taken") {
  std::size_t sent = 0;
  CHECK_FALSE(Encoder({}).encode(poll({{"a", ""}, {"b", ""}, {"c", ""}}, {true, true, true}), session, moment,
                                 [&sent](Message&, std::size_t, std::size_t) { return ++sent < 2; }));
  CHECK(sent == 2);
}
