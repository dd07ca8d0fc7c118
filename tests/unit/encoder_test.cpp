#include "agent/forwarder/encoder.h"

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

using namespace fieldpost;
using nlohmann::json;

namespace {

const SessionInfo session{1'882'603'006'543'438, "gw-07", "kiruna"};
constexpr std::int64_t time_us = 1'795'338'191'123'456;  // 2026-11-22T09:03:11.123456Z
const EncodingMoment moment{{time_us, 50'000'000}, 7, session.id, 0};

struct Sent {
  std::string topic;
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
  std::int64_t timestamp_ms;
  std::size_t first;
  std::size_t readings;
};

std::vector<Sent> encode(const config::Kafka& kafka, const Batch& batch, const EncodingMoment& at = moment) {
  std::vector<Sent> sent;
  Encoder(kafka).encode(batch, session, at, [&sent](Message& message, std::size_t first, std::size_t readings) {
    std::map<std::string, std::string> headers;
    for (const Header& header : message.headers)
      headers.emplace(header.name, header.value);
    sent.push_back({std::string(message.topic), std::string(message.key), std::string(message.value), headers,
                    message.timestamp_ms, first, readings});
    return true;
  });
  return sent;
}

Batch poll(std::vector<PointName> points, const std::vector<Value>& values,
           const Stamp& stamp = {time_us, 20'000'000}) {
  BatchBuilder builder(session.id, Lane::telemetry, 7);
  builder.add(Layout("plc-a", "pump-7", std::move(points)), stamp, 345, values);
  return builder.close();
}

}  // namespace

TEST_CASE("a reading is a message of its own, with its identity in the header") {
  const std::vector<Sent> sent = encode({}, poll({{"pressure", "bar"}, {"flow", ""}}, {4.21F, Bad{"timeout"}}));
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
}

TEST_CASE("an encoder stops when its messages are not taken") {
  std::size_t sent = 0;
  CHECK_FALSE(Encoder({}).encode(poll({{"a", ""}, {"b", ""}, {"c", ""}}, {true, true, true}), session, moment,
                                 [&sent](Message&, std::size_t, std::size_t) { return ++sent < 2; }));
  CHECK(sent == 2);
}
