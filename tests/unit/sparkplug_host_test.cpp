// What is made of the messages of edge nodes, one after another.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/mqtt/sparkplug/host.h"
#include "drivers/mqtt/sparkplug/portions.h"
#include "tests/support/catch.h"
#include "tests/support/mqtt_rules.h"
#include "tests/support/sparkplug.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

using namespace support;

constexpr std::int64_t second = 1'000'000;
const std::string node_birth = "spBv1.0/plant/NBIRTH/line-1";
const std::string node_data = "spBv1.0/plant/NDATA/line-1";
const std::string node_death = "spBv1.0/plant/NDEATH/line-1";
const std::string oven_birth = "spBv1.0/plant/DBIRTH/line-1/oven";
const std::string oven_data = "spBv1.0/plant/DDATA/line-1/oven";
const std::string oven_death = "spBv1.0/plant/DDEATH/line-1/oven";
const std::string hint = "; rebirth = true would ask for the births";

/// A host application with one rule, and what the last message became.
class Ground {
 public:
  explicit Ground(bool asks = true, const std::string& device = "", const std::string& point = "") : host_(asks) {
    rule_.topic = "spBv1.0/+/+/+/#";
    rule_.payload = config::MqttRule::Payload::sparkplug;
    rule_.device = device;
    rule_.point = point;
  }

  void hear(const std::string& topic, const SparkPayload& payload, bool retained = false) {
    hear(topic, payload.bytes(), retained);
  }
  void hear(const std::string& topic, const std::string& bytes, bool retained = false) {
    Stamp now;
    now.boot = now_;
    const Heard heard = host_.take(topic, bytes, retained, now);
    asked = heard.ask_birth.value_or("");
    Decoded decoded = portions(rule_, topic, heard);
    problem = decoded.problem;
    said = std::move(decoded.portions);
    values.clear();
    for (const Portion& portion : said) {
      REQUIRE(portion.points.size() == portion.values.size());
      for (std::size_t i = 0; i < portion.points.size(); ++i)
        values[portion.device + ": " + portion.points[i].name] = portion.values[i];
    }
  }
  /// Births of the node and its oven, with seq 0 and 1.
  void bear(std::uint64_t number = 1) {
    hear(node_birth, SparkPayload(0).death_number(number).real("load", 1, 0.5));
    hear(oven_birth, SparkPayload(1).real("temp", 2, 180).real("set", 3, 200));
  }
  /// The topic on which a node is to be asked by time alone; empty: there is none.
  std::string remind() {
    Stamp now;
    now.boot = now_;
    return host_.remind(now).value_or("");
  }
  void wait(std::int64_t microseconds) { now_ += microseconds; }
  Host& host() { return host_; }

  std::map<std::string, Value> values;  // by "DEVICE: POINT"
  std::vector<Portion> said;
  std::string problem;
  std::string asked;

 private:
  Host host_;
  config::MqttRule rule_;
  std::int64_t now_ = 1000 * second;
};

using Values = std::map<std::string, Value>;

TEST_CASE("sparkplug: births give names to aliases") {
  Ground ground;
  SparkPayload birth(0);
  birth.death_number(1).real("load", 1, 0.5);
  birth.add("Node Control/Rebirth", spark::boolean).set_boolean_value(false);
  pb::Metric& count = birth.add("count", spark::int8, 2);
  count.set_int_value(251);
  count.mutable_properties()->add_keys("engUnit");
  count.mutable_properties()->add_values()->set_text("pcs");
  ground.hear(node_birth, birth);
  CHECK(ground.values == Values{{"plant/line-1: load", 0.5}, {"plant/line-1: count", std::int64_t{-5}}});
  CHECK(ground.problem.empty());
  REQUIRE(ground.said.size() == 1);
  CHECK(ground.said[0].points[1].unit == "pcs");
  CHECK(ground.said[0].wall == static_cast<std::int64_t>(spark_time) * 1000);

  ground.hear(oven_birth, SparkPayload(1).real("temp", 7, 180));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 180.0}});
  SparkPayload data(2);
  data.add(2).set_int_value(250);
  ground.hear(node_data, data.real(1, 0.75));
  CHECK(ground.values == Values{{"plant/line-1: load", 0.75}, {"plant/line-1: count", std::int64_t{-6}}});
  CHECK(ground.said.at(0).points.at(0).unit == "pcs");
  ground.hear(oven_data, SparkPayload(3).real(7, 181));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0}});
  // By name, too.
  SparkPayload named(4);
  named->add_metrics()->set_name("temp");
  named->mutable_metrics(0)->set_double_value(182);
  ground.hear(oven_data, named);
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 182.0}});
  CHECK(ground.problem.empty());
  CHECK(ground.asked.empty());
}

TEST_CASE("sparkplug: a metric's quality is what its properties say of it") {
  const auto add_quality = [](pb::Metric& metric, std::uint32_t code) {
    metric.mutable_properties()->add_keys("engUnit");
    metric.mutable_properties()->add_values()->set_text("bar");
    metric.mutable_properties()->add_keys("Quality");
    metric.mutable_properties()->add_values()->set_number(code);
  };
  Ground ground;
  SparkPayload birth(0);
  birth.death_number(1);
  std::uint64_t alias = 0;
  for (const auto& [name, code] :
       std::map<std::string, std::uint32_t>{{"bad", 0}, {"good", 192}, {"stale", 500}, {"uncertain", 64}}) {
    pb::Metric& metric = birth.add(name, spark::real64, ++alias);
    metric.set_double_value(5.5);
    add_quality(metric, code);
  }
  ground.hear(node_birth, birth);
  CHECK(ground.values == Values{{"plant/line-1: bad", Bad{"bad quality"}},
                                {"plant/line-1: good", 5.5},
                                {"plant/line-1: stale", Bad{"stale"}},
                                {"plant/line-1: uncertain", Bad{"quality 64"}}});
  CHECK(ground.problem.empty());  // the edge node has said what there is to say
  CHECK(ground.said.at(0).points.at(0).unit == "bar");

  SparkPayload data(1);
  data.real(1, 6);  // without properties, whatever the birth said
  data.add(2).set_double_value(6);
  add_quality(*data->mutable_metrics(1), 500);
  data.add(3).set_is_null(true);
  add_quality(*data->mutable_metrics(2), 0);
  data.add(4).set_double_value(6);  // a 0 that the encoder leaves out
  data->mutable_metrics(3)->mutable_properties()->add_keys("Quality");
  data->mutable_metrics(3)->mutable_properties()->add_values();
  ground.hear(node_data, data);
  CHECK(ground.values == Values{{"plant/line-1: bad", 6.0},
                                {"plant/line-1: good", Bad{"stale"}},
                                {"plant/line-1: stale", Bad{"bad quality"}},
                                {"plant/line-1: uncertain", Bad{"bad quality"}}});
  CHECK(ground.problem.empty());
}

TEST_CASE("sparkplug: an alias of no birth is counted, and births are asked for") {
  Ground ground;
  ground.bear();
  ground.hear(oven_data, SparkPayload(2).real(2, 181).real(99, 1));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0}});
  CHECK(ground.problem == "alias 99 is of no birth that is known, or of two metrics");
  CHECK(ground.asked == "spBv1.0/plant/NCMD/line-1");
  // An alias of two metrics names neither.
  ground.hear(oven_birth, SparkPayload(3).real("a", 5, 1).real("b", 5, 2));
  ground.hear(oven_data, SparkPayload(4).real(5, 3));
  CHECK(ground.values.empty());
  CHECK(ground.problem == "alias 5 is of no birth that is known, or of two metrics");
}

TEST_CASE("sparkplug: data before a birth is resolved by what it says itself") {
  Ground ground(false);
  SparkPayload data(17);
  data.add("temp", spark::int8).set_int_value(251);
  ground.hear(oven_data, data);
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", std::int64_t{-5}}});
  CHECK(ground.problem == "no birth of the edge node is known" + hint);
  data->mutable_metrics(0)->clear_datatype();
  ground.hear(oven_data, data);
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", Bad{"no birth has told its type"}}});
  CHECK(ground.problem == "temp: no birth has told its type" + hint);
  ground.hear(oven_data, SparkPayload(18).real(1, 5));
  CHECK(ground.values.empty());
  CHECK(ground.problem == "alias 1 is of no birth that is known, or of two metrics" + hint);
  CHECK(ground.asked.empty());
}

TEST_CASE("sparkplug: the first message of a node without a birth asks for it, and then less and less often") {
  Ground ground;
  int asked = 0;
  SparkPayload data(1);
  data.add("temp", spark::real64).set_double_value(1);
  for (int i = 0; i < 3600; ++i) {
    ground.hear(oven_data, data);
    if (i == 0) CHECK(ground.asked == "spBv1.0/plant/NCMD/line-1");
    if (!ground.asked.empty()) ++asked;
    ground.wait(second);
  }
  CHECK(asked == 11);  // after 0, 10, 30, 70, 150, 310, 630 s and every 10 minutes
  ground.bear();
  ground.hear(node_data, SparkPayload(2).real(1, 1));
  CHECK(ground.asked.empty());
}

TEST_CASE("sparkplug: many nodes are asked one after another") {
  Ground ground;
  SparkPayload data(1);
  data.add("temp", spark::real64).set_double_value(1);
  const auto hear_from = [&](int node) {
    ground.hear("spBv1.0/plant/NDATA/" + std::to_string(node), data);
    return ground.asked;
  };
  for (int node = 0; node < 20; ++node)
    CHECK(hear_from(node) == "spBv1.0/plant/NCMD/" + std::to_string(node));
  CHECK(hear_from(20).empty());
  CHECK(hear_from(21).empty());
  CHECK(ground.remind().empty());
  ground.wait(second / 20);
  CHECK(hear_from(20) == "spBv1.0/plant/NCMD/20");
  // The one that said nothing more.
  CHECK(ground.remind().empty());
  ground.wait(second / 20);
  CHECK(ground.remind() == "spBv1.0/plant/NCMD/21");
}

TEST_CASE("sparkplug: a node that says nothing more is asked all the same") {
  Ground ground;
  ground.bear();
  CHECK(ground.remind().empty());
  ground.hear(node_data, SparkPayload(7).real(1, 1));
  CHECK_FALSE(ground.asked.empty());
  std::string asked;
  for (int i = 1; i <= 650; ++i) {
    ground.wait(second);
    for (std::string topic = ground.remind(); !topic.empty(); topic = ground.remind())
      asked += topic + " " + std::to_string(i) + "\n";
  }
  const std::string ask = "spBv1.0/plant/NCMD/line-1 ";
  CHECK(asked == ask + "10\n" + ask + "30\n" + ask + "70\n" + ask + "150\n" + ask + "310\n" + ask + "630\n");
  // Until it is born or dead.
  SECTION("born") {
    ground.bear(2);
  }
  SECTION("dead") {
    ground.hear(node_death, SparkPayload().death_number(1));
  }
  ground.wait(2000 * second);
  CHECK(ground.remind().empty());
}

TEST_CASE("sparkplug: a gap right behind a birth is asked for at once, but not time and again") {
  Ground ground;
  const auto gap_behind_birth = [&ground] {
    ground.bear();
    ground.wait(second / 10);
    ground.hear(node_data, SparkPayload(7).real(1, 1));
    return !ground.asked.empty();
  };
  CHECK(gap_behind_birth());
  CHECK(gap_behind_birth());
  CHECK_FALSE(gap_behind_birth());
  CHECK(ground.remind().empty());
  ground.wait(10 * second);
  CHECK(ground.remind() == "spBv1.0/plant/NCMD/line-1");
  CHECK(gap_behind_birth());
  CHECK_FALSE(gap_behind_birth());
  ground.wait(19 * second);
  CHECK(ground.remind().empty());
  ground.wait(second);
  CHECK_FALSE(ground.remind().empty());
}

TEST_CASE("sparkplug: a host that does not ask is not reminded, and a forgotten node is not asked") {
  Ground silent(false);
  silent.hear(node_data, SparkPayload(7).real(1, 1));
  silent.wait(2000 * second);
  CHECK(silent.remind().empty());

  Ground ground;
  ground.hear(node_data, SparkPayload(7).real(1, 1));
  for (int node = 0; node < 60; ++node) {
    SparkPayload birth(0);
    for (std::uint64_t i = 0; i < 5'000; ++i)
      birth.real("a metric with a name of its own " + std::to_string(i), i, 1);
    ground.hear("spBv1.0/plant/NBIRTH/" + std::to_string(node), birth);
  }
  ground.wait(2000 * second);
  CHECK(ground.remind().empty());
}

TEST_CASE("sparkplug: gaps in the sequence") {
  Ground ground;
  ground.bear();
  for (int i = 2; i < 1000; ++i) {
    ground.hear(i % 2 == 0 ? node_data : oven_data, SparkPayload(i % 256).real(i % 2 == 0 ? 1 : 2, i));
    CHECK(ground.problem.empty());
    CHECK(ground.asked.empty());
  }
  // 999 is 231; the same one again is no gap, and a retained one says nothing of it.
  ground.hear(oven_data, SparkPayload(231).real(2, 5));
  CHECK(ground.problem.empty());
  ground.hear(oven_data, SparkPayload(7).real(2, 5), true);
  CHECK(ground.problem.empty());
  ground.hear(oven_data, SparkPayload(233).real(2, 6));
  CHECK(ground.problem == "a gap in the sequence, 233 came after 231");
  CHECK(ground.asked == "spBv1.0/plant/NCMD/line-1");
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 6.0}});
  ground.hear(oven_data, SparkPayload(234).real(2, 7));
  CHECK(ground.problem.empty());
  // Each node has its own.
  ground.hear("spBv1.0/plant/NBIRTH/line-2", SparkPayload(0).real("load", 1, 1));
  ground.hear("spBv1.0/plant/NDATA/line-2", SparkPayload(1).real(1, 1));
  ground.hear(oven_data, SparkPayload(235).real(2, 8));
  CHECK(ground.problem.empty());
  // A birth begins anew.
  ground.bear();
  CHECK(ground.problem.empty());
  ground.hear(node_data, SparkPayload(2).real(1, 1));
  CHECK(ground.problem.empty());
}

TEST_CASE("sparkplug: without rebirth a gap says that it would help") {
  Ground ground(false);
  ground.bear();
  ground.hear(node_data, SparkPayload(3).real(1, 1));
  CHECK(ground.problem == "a gap in the sequence, 3 came after 1" + hint);
  CHECK(ground.asked.empty());
}

TEST_CASE("sparkplug: a death makes what was born bad, once") {
  Ground ground;
  ground.bear(41);
  const Value offline = Bad{"the edge node is offline"};
  // The will of the connection before.
  ground.hear(node_death, SparkPayload().death_number(40));
  CHECK(ground.values.empty());
  CHECK(ground.problem.empty());
  ground.hear(node_death, SparkPayload().death_number(41));
  CHECK(ground.values == Values{{"plant/line-1: load", offline},
                                {"plant/line-1/oven: temp", offline},
                                {"plant/line-1/oven: set", offline}});
  for (const Portion& portion : ground.said)
    CHECK_FALSE(portion.wall);  // the will was written when the node connected
  CHECK(ground.problem.empty());
  CHECK(ground.asked.empty());
  ground.hear(node_death, SparkPayload().death_number(41));
  CHECK(ground.values.empty());
  CHECK(ground.problem.empty());
  for (const char* type : {"NDEATH/nobody", "DDEATH/nobody/oven"}) {
    ground.hear(std::string("spBv1.0/plant/") + type, SparkPayload().death_number(41));
    CHECK(ground.values.empty());
    CHECK(ground.problem == "what is offline now is not known: its birth was not heard");
  }
  // What comes then has no birth.
  ground.hear(oven_data, SparkPayload(2).real(2, 181));
  CHECK(ground.values.empty());
  CHECK_FALSE(ground.asked.empty());
}

TEST_CASE("sparkplug: what only data has named ends with its node and its device, too") {
  Ground ground(false);
  const auto named = [](const char* name, int seq) {
    SparkPayload data(seq);
    data.add(name, spark::real64).set_double_value(1);
    return data;
  };
  const Value node_gone = Bad{"the edge node is offline"};
  const Value device_gone = Bad{"the device is offline"};
  SECTION("without any birth") {
    ground.hear(node_data, named("x", 5));
    ground.hear(oven_data, named("y", 6));
    ground.hear(oven_data, named("y", 7));
    CHECK(ground.values.size() == 1);
    ground.hear("spBv1.0/plant/DDATA/line-1/fan", named("z", 8));
    ground.hear(oven_death, SparkPayload(9));
    CHECK(ground.values == Values{{"plant/line-1/oven: y", device_gone}});
    ground.hear(node_death, SparkPayload().death_number(1));
    CHECK(ground.values == Values{{"plant/line-1: x", node_gone}, {"plant/line-1/fan: z", node_gone}});
    ground.hear(node_death, SparkPayload().death_number(1));
    CHECK(ground.values.empty());
  }
  SECTION("beside a birth") {
    ground.bear(1);
    ground.hear(node_data, named("x", 2));
    CHECK(ground.problem.empty());
    ground.hear(oven_data, named("y", 3));
    ground.hear(node_death, SparkPayload().death_number(1));
    CHECK(ground.values == Values{{"plant/line-1: load", node_gone},
                                  {"plant/line-1: x", node_gone},
                                  {"plant/line-1/oven: temp", node_gone},
                                  {"plant/line-1/oven: set", node_gone},
                                  {"plant/line-1/oven: y", node_gone}});
  }
  SECTION("where the next birth has it, or has not") {
    ground.hear(node_data, named("x", 5));
    ground.hear(node_data, named("load", 6));
    ground.hear(oven_data, named("y", 7));
    ground.hear("spBv1.0/plant/DDATA/line-1/fan", named("z", 8));
    ground.hear(node_birth, SparkPayload(0).death_number(1).real("load", 1, 0.5));
    const Value dropped = Bad{"the last birth does not name it"};
    CHECK(ground.values == Values{{"plant/line-1: load", 0.5}, {"plant/line-1: x", dropped}});
    ground.hear(oven_birth, SparkPayload(1).real("temp", 2, 180));
    CHECK(ground.values == Values{{"plant/line-1/oven: temp", 180.0}, {"plant/line-1/oven: y", dropped}});
    ground.hear(oven_data, SparkPayload(2).real(2, 181));
    CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0},
                                  {"plant/line-1/fan: z", Bad{"the device has not come back with its edge node"}}});
    ground.hear(oven_data, SparkPayload(3).real(2, 182));
    CHECK(ground.values.size() == 1);
  }
}

TEST_CASE("sparkplug: names of no birth are remembered up to a limit, and read beyond it") {
  Ground ground(false);
  ground.bear();
  SparkPayload data(2);
  constexpr int many = 20'000;
  for (int i = 0; i < many; ++i)
    data.add("metric " + std::to_string(i), spark::int32).set_int_value(1);
  ground.hear(node_data, data);
  CHECK(ground.values.size() == many);
  CHECK(ground.host().bytes() > 0);
  CHECK(ground.host().bytes() < 2U << 20);
  ground.hear(oven_data, SparkPayload(3).real(2, 181));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0}});
  ground.hear(node_death, SparkPayload().death_number(1));
  CHECK(ground.values.size() > 1000);
  CHECK(ground.values.size() < many);
}

TEST_CASE("sparkplug: a new birth ends what only the one before has") {
  Ground ground;
  ground.hear(node_birth, SparkPayload(0).death_number(1).real("x", 1, 1).real("y", 2, 2));
  ground.hear(oven_birth, SparkPayload(1).real("p", 3, 1).real("q", 4, 2));
  const Value dropped = Bad{"the last birth does not name it"};
  ground.hear(node_birth, SparkPayload(0).death_number(2).real("x", 1, 3));
  CHECK(ground.values == Values{{"plant/line-1: x", 3.0}, {"plant/line-1: y", dropped}});
  ground.hear(oven_birth, SparkPayload(1).real("p", 3, 5));
  CHECK(ground.values == Values{{"plant/line-1/oven: p", 5.0}, {"plant/line-1/oven: q", dropped}});
  ground.hear(oven_birth, SparkPayload(2).real("p", 3, 6));
  CHECK(ground.values.size() == 1);
}

TEST_CASE("sparkplug: a device dies alone") {
  Ground ground;
  ground.bear();
  ground.hear(oven_death, SparkPayload(2));
  const Value offline = Bad{"the device is offline"};
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", offline}, {"plant/line-1/oven: set", offline}});
  CHECK(ground.said.at(0).wall == static_cast<std::int64_t>(spark_time) * 1000);
  ground.hear(node_data, SparkPayload(3).real(1, 1));
  CHECK(ground.problem.empty());
  ground.hear(node_death, SparkPayload().death_number(1));
  CHECK(ground.values.size() == 1);
}

TEST_CASE("sparkplug: a device that does not come back with its node is offline") {
  Ground ground;
  ground.bear(1);
  ground.hear("spBv1.0/plant/DBIRTH/line-1/fan", SparkPayload(2).real("speed", 4, 1));
  ground.hear(node_birth, SparkPayload(0).death_number(2).real("load", 1, 0.5));
  CHECK(ground.values.size() == 1);
  ground.hear(oven_birth, SparkPayload(1).real("temp", 2, 180));
  CHECK(ground.values ==
        Values{{"plant/line-1/oven: temp", 180.0}, {"plant/line-1/oven: set", Bad{"the last birth does not name it"}}});
  ground.hear(oven_data, SparkPayload(2).real(2, 181));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0},
                                {"plant/line-1/fan: speed", Bad{"the device has not come back with its edge node"}}});
  ground.hear(oven_data, SparkPayload(3).real(2, 182));
  CHECK(ground.values.size() == 1);
}

TEST_CASE("sparkplug: retained births tell names, and do not undo what is known") {
  Ground ground;
  ground.hear(node_birth, SparkPayload(0).death_number(1).real("load", 1, 0.5), true);
  CHECK(ground.values.size() == 1);
  ground.hear(node_data, SparkPayload(200).real(1, 0.75));
  CHECK(ground.values == Values{{"plant/line-1: load", 0.75}});
  CHECK(ground.problem.empty());
  ground.bear();
  ground.hear(node_birth, SparkPayload(0).death_number(0).real("old", 1, 0.5), true);
  ground.hear(oven_data, SparkPayload(2).real(2, 181));
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", 181.0}});
  CHECK(ground.problem.empty());
}

TEST_CASE("sparkplug: each time has its portion, and a point that comes twice has two") {
  Ground ground;
  ground.bear();
  SparkPayload data(2);
  const auto add = [&data](std::uint64_t alias, double value, std::uint64_t time) {
    pb::Metric& metric = data.add(alias);
    metric.set_double_value(value);
    metric.set_timestamp(time);
  };
  add(2, 1, 1000);
  data->mutable_metrics(0)->set_is_historical(true);
  add(2, 2, 2000);
  add(3, 3, 2000);
  add(3, 4, 1000);
  add(3, 5, 1000);
  add(2, 6, 0);
  ground.hear(oven_data, data);
  struct Row {
    std::vector<std::string> points;
    std::vector<Value> values;
    std::int64_t wall;
  };
  const std::vector<Row> rows{{{"temp"}, {1.0}, 1'000'000},
                              {{"temp", "set"}, {2.0, 3.0}, 2'000'000},
                              {{"set"}, {4.0}, 1'000'000},
                              {{"set"}, {5.0}, 1'000'000},
                              {{"temp"}, {6.0}, static_cast<std::int64_t>(spark_time) * 1000}};
  std::vector<std::pair<std::int64_t, double>> got;
  for (const Portion& portion : ground.said) {
    CHECK(portion.device == "plant/line-1/oven");
    std::map<std::string, int> times;
    for (std::size_t i = 0; i < portion.points.size(); ++i) {
      CHECK(++times[portion.points[i].name] == 1);
      got.emplace_back(*portion.wall, std::get<double>(portion.values[i]));
    }
  }
  std::vector<std::pair<std::int64_t, double>> wanted;
  for (const Row& row : rows)
    for (const Value& value : row.values)
      wanted.emplace_back(row.wall, std::get<double>(value));
  CHECK(got == wanted);

  add(2, 7, 300'000'000'000'000);
  ground.hear(oven_data, data);
  CHECK(ground.problem == "a time beyond the year 9999");
  CHECK_FALSE(ground.said.back().wall);
}

TEST_CASE("sparkplug: names by a rule") {
  Ground ground(true, "{1}.{3}.{4}", "{4}/{metric}");
  ground.bear();
  CHECK(ground.values == Values{{"plant.line-1.oven: oven/temp", 180.0}, {"plant.line-1.oven: oven/set", 200.0}});
  ground.hear(node_death, SparkPayload().death_number(1));
  CHECK(ground.values.contains("plant.line-1.oven: oven/temp"));
  CHECK(ground.values.contains("plant.line-1.: /load"));
  SparkPayload data(2);
  data.add(std::string(253, 'x'), spark::real64).set_double_value(1);
  ground.hear(oven_data, data);
  CHECK(ground.problem == "point name is longer than 255 bytes");
}

TEST_CASE("sparkplug: what gives no reading is said") {
  Ground ground;
  ground.bear();
  SparkPayload data(2);
  data.add(std::string(256, 'x'), spark::real64).set_double_value(1);
  ground.hear(oven_data, data);
  CHECK(ground.problem == "metric 1 (" + std::string(80, 'x') + "...): name is longer than 255 bytes");
  SparkPayload unnamed(3);
  unnamed.add("temp", spark::real64).set_double_value(1);
  unnamed.add("", spark::real64).set_double_value(1);
  ground.hear(oven_data, unnamed);
  CHECK(ground.problem == "metric 2: name is empty");
  ground.hear(oven_data, std::string("\x12\x05hello"));
  CHECK(ground.problem.find("Sparkplug B") != std::string::npos);
  ground.hear("spBv1.0/plant/DATA/line-1", data);
  CHECK(ground.problem.starts_with("no topic of Sparkplug B"));
  ground.hear("spBv1.0/STATE/scada", std::string("{\"online\":true}"));
  CHECK(ground.problem.empty());
  SparkPayload null(3);
  null.add(2).set_is_null(true);
  ground.hear(oven_data, null);
  CHECK(ground.values == Values{{"plant/line-1/oven: temp", Bad{"null"}}});
  CHECK(ground.problem.empty());
  SparkPayload misfit(4);
  misfit.add(2).set_string_value("hot");
  ground.hear(oven_data, misfit);
  CHECK(ground.problem == "temp: value does not fit Double");
}

TEST_CASE("sparkplug: a storm of nodes, devices and metrics takes bounded memory") {
  Ground ground;
  std::size_t most = 0;
  bool said = false;
  for (int node = 0; node < 60; ++node) {
    const std::string name = std::to_string(node);
    SparkPayload birth(0);
    for (std::uint64_t i = 0; i < 5'000; ++i)
      birth.real("a metric with a name of its own " + std::to_string(i), i, 1);
    ground.hear("spBv1.0/plant/NBIRTH/" + name, birth);
    said = said || ground.problem.find("more than 32 MiB") != std::string::npos;
    for (int device = 0; device < 20; ++device)
      ground.hear("spBv1.0/plant/DBIRTH/" + name + "/" + std::to_string(device), SparkPayload(1).real("x", 1, 1));
    most = std::max(most, ground.host().bytes());
    SparkPayload data(1);
    ground.hear("spBv1.0/plant/NDATA/" + name, data.real(4'999, 1));
    CHECK(ground.values.size() == 1);
  }
  CHECK(most <= Host::most_bytes);
  CHECK(most > Host::most_bytes / 2);
  CHECK(said);
  // The one that was heard last is known, the first is not.
  ground.hear("spBv1.0/plant/NDATA/0", SparkPayload(2).real(1, 1));
  CHECK(ground.values.empty());
}

TEST_CASE("sparkplug: a node of too many metrics is not kept") {
  Ground ground;
  bool said = false;
  for (int device = 0; device < 20 && !said; ++device) {
    SparkPayload birth(device);
    for (std::uint64_t i = 0; i < 15'000; ++i)
      birth.real("a metric with a name of its own " + std::to_string(i), i, 1);
    ground.hear("spBv1.0/plant/DBIRTH/line-1/" + std::to_string(device), birth);
    CHECK(ground.values.size() == 15'000);
    said = ground.problem == "the births of this edge node take more than 32 MiB: they are not kept";
  }
  CHECK(said);
  CHECK(ground.host().bytes() == 0);
}

TEST_CASE("sparkplug: a message by itself, without the births of its node") {
  config::MqttRule rule;
  rule.topic = "spBv1.0/#";
  rule.payload = config::MqttRule::Payload::sparkplug;
  const Decoded decoded = support::decode(rule, oven_birth, SparkPayload(1).real("temp", 2, 180).bytes());
  REQUIRE(decoded.portions.size() == 1);
  CHECK(decoded.portions[0].device == "plant/line-1/oven");
  CHECK(support::decode(rule, "yard/x", "").portions.empty());
}

}  // namespace
}  // namespace fieldpost::drivers::mqtt::sparkplug
