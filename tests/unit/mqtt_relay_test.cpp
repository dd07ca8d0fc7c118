// The packets of MQTT between Paho and a broker, without either.
#include <chrono>
#include <random>
#include <set>
#include <string>

#include "drivers/mqtt/login.h"
#include "drivers/mqtt/relay.h"
#include "drivers/mqtt/words.h"
#include "tests/support/catch.h"

namespace fieldpost::drivers::mqtt {
namespace {

using Time = Relay::Time;
using namespace std::chrono_literals;

std::string number(std::uint16_t value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xFFU)};
}

std::string text(const std::string& value) {
  return number(static_cast<std::uint16_t>(value.size())) + value;
}

std::string publish(const std::string& topic, int qos, std::uint16_t id, const std::string& payload) {
  std::string bytes = packet(Packet::publish, text(topic) + (qos > 0 ? number(id) : "") + payload);
  bytes[0] = static_cast<char>(bytes[0] | qos << 1);
  return bytes;
}

/// What stands in an outgoing buffer, which is empty afterwards.
std::string drain(Outgoing& outgoing) {
  const std::string bytes(outgoing.bytes());
  outgoing.written(bytes.size());
  return bytes;
}

std::vector<SeqRange> readings(std::uint64_t seq) {
  return {{seq, seq}};
}

/// A relay, and which readings are safe.
struct Scene {
  Relay relay{4};
  std::set<std::uint64_t> safe;
  const Time now = std::chrono::steady_clock::now();

  void broker(const std::string& bytes) { CHECK(relay.from_broker(bytes)); }
  void paho(const std::string& bytes) { CHECK(relay.from_paho(bytes, now)); }
  /// The next message's payload, of which these readings are made.
  std::string take(std::vector<SeqRange> made = {}) {
    REQUIRE(relay.next() != nullptr);
    const std::string payload = relay.next()->payload;
    relay.taken(std::move(made));
    return payload;
  }
  std::string to_broker() {
    const auto all_safe = [this](const std::vector<SeqRange>& ranges) {
      return std::all_of(ranges.begin(), ranges.end(), [this](SeqRange range) { return safe.contains(range.first); });
    };
    relay.release(all_safe, SIZE_MAX);
    return drain(relay.to_broker());
  }
};

const auto puback = [](std::uint16_t id) { return acknowledgement(Packet::puback, id); };

}  // namespace

TEST_CASE("mqtt relay: an acknowledgement waits until the message's readings are safe") {
  Scene scene;
  scene.broker(publish("a", 1, 7, "1"));
  REQUIRE(scene.relay.next() != nullptr);
  CHECK(scene.relay.next()->topic == "a");
  CHECK(scene.relay.next()->held);
  CHECK(scene.relay.to_paho().bytes().empty());
  CHECK(scene.to_broker().empty());
  CHECK(scene.take(readings(1)) == "1");
  CHECK(scene.relay.next() == nullptr);
  CHECK(scene.to_broker().empty());
  CHECK_FALSE(scene.relay.idle());
  scene.broker(publish("a", 0, 0, "of QoS 0"));
  CHECK(scene.relay.unacknowledged() == 1);
  CHECK_FALSE(scene.relay.next()->held);
  scene.take();
  scene.safe = {1};
  CHECK(scene.to_broker() == puback(7));
  CHECK(scene.relay.idle());
  CHECK(scene.relay.unacknowledged() == 0);
  CHECK(scene.to_broker().empty());
}

TEST_CASE("mqtt relay: acknowledgements go in order, and a message without readings holds up nobody") {
  Scene scene;
  for (std::uint16_t id = 1; id <= 3; ++id)
    scene.broker(publish("a", 1, id, "1"));
  scene.broker(publish("a", 0, 0, "1"));
  scene.take(readings(1));
  scene.take();
  scene.take({{3, 3}, {4, 4}});
  scene.take(readings(5));  // of QoS 0, which nobody acknowledges
  scene.safe = {3, 5};
  CHECK(scene.to_broker().empty());
  scene.safe.insert(1);
  CHECK(scene.to_broker() == puback(1) + puback(2));
  scene.safe.insert(4);
  CHECK(scene.to_broker() == puback(3));
}

TEST_CASE("mqtt relay: QoS 2 is spoken with the broker, and Paho hears nothing of it") {
  Scene scene;
  scene.broker(publish("a", 2, 9, "1"));
  CHECK(scene.take(readings(1)) == "1");
  SECTION("it is received once its readings are safe") {
    scene.safe = {1};
    CHECK(scene.to_broker() == acknowledgement(Packet::pubrec, 9));
    scene.broker(acknowledgement(Packet::pubrel, 9));
    CHECK(drain(scene.relay.to_paho()).empty());
    CHECK(scene.to_broker() == acknowledgement(Packet::pubcomp, 9));
    scene.broker(publish("a", 2, 9, "another one"));
    CHECK(scene.take() == "another one");
  }
  SECTION("until then the same one again is none") {
    std::string again = publish("a", 2, 9, "1");
    again[0] = static_cast<char>(again[0] | 8);
    scene.broker(again);
    CHECK(scene.relay.next() == nullptr);
  }
}

TEST_CASE("mqtt relay: pings are answered at once, and a silent broker is found out") {
  Scene scene;
  const std::string ping = packet(Packet::pingreq, {});
  const std::string pong = packet(Packet::pingresp, {});
  scene.paho(ping);
  CHECK(drain(scene.relay.to_paho()) == pong);
  CHECK(scene.to_broker() == ping);
  CHECK_FALSE(scene.relay.broker_is_silent(scene.now + 10s));
  CHECK(scene.relay.broker_is_silent(scene.now + 20s));
  scene.broker(pong);
  CHECK(drain(scene.relay.to_paho()).empty());
  CHECK_FALSE(scene.relay.broker_is_silent(scene.now + 20s));
}

TEST_CASE("mqtt relay: where nobody takes messages, no more are read, but Paho gets all else") {
  Scene scene;
  const std::string large = publish("a", 1, 1, std::string(10'000, 'x'));
  std::size_t sent = 0;
  for (; scene.relay.reads_broker() && sent < 10'000; ++sent)
    scene.broker(large);
  CHECK(sent > 100);
  CHECK(sent < 1000);
  scene.broker(packet(Packet::suback, "abc"));
  CHECK(drain(scene.relay.to_paho()) == packet(Packet::suback, "abc"));
  scene.take();
  CHECK(scene.relay.reads_broker());
  for (std::size_t i = 1; i < sent; ++i)
    scene.take();
  CHECK(scene.relay.next() == nullptr);
}

TEST_CASE("mqtt relay: a message larger than any payload that is taken comes cut short, and the next one whole") {
  Scene scene;
  const std::string large = publish("a", 1, 5, std::string(3U << 20, 'x'));
  const std::string next = publish("b", 0, 0, "1");
  const std::string all = large + next;
  for (std::size_t i = 0; i < all.size(); i += 50'000)
    scene.broker(all.substr(i, 50'000));
  const std::string came = scene.take();
  CHECK(came.size() > (1U << 20));
  CHECK(came.size() <= Relay::longest_packet);
  CHECK(scene.take() == "1");
}

TEST_CASE("mqtt relay: a message of version 5 is found behind its properties, and retained ones are marked") {
  Relay relay(5);
  std::string bytes = packet(Packet::publish, text("a/b") + number(7) + std::string("\x02\x01\x01", 3) + "12");
  bytes[0] = static_cast<char>(bytes[0] | 1 << 1 | 1);
  REQUIRE(relay.from_broker(bytes));
  REQUIRE(relay.next() != nullptr);
  CHECK(relay.next()->topic == "a/b");
  CHECK(relay.next()->payload == "12");
  CHECK(relay.next()->retained);
}

TEST_CASE("mqtt relay: a message of version 5 says for which subscriptions it is delivered") {
  const auto [what, properties, causes, good] =
      GENERATE(table<std::string, std::string, std::vector<std::uint32_t>, bool>({
          {"none", "", {}, true},
          {"one", std::string("\x0B\x07", 2), {7}, true},
          {"two among all others",
           std::string("\x01\x01\x02\x01\x02\x03\x04\x0B\x80\x01\x03\x00\x01"
                       "a\x08\x00\x01"
                       "b\x09\x00\x01"
                       "c\x23\x00\x01\x26\x00\x01"
                       "d\x00\x01"
                       "e\x0B\x02",
                       34),
           {128, 2},
           true},
          {"an identifier that ends too soon", std::string("\x0B\x80", 2), {}, false},
          {"a property that there is not", std::string("\x04\x00\x00\x00\x01", 5), {}, false},
          {"a text that ends too soon", std::string("\x03\x00\x05x", 4), {}, false},
          {"a pair with one text", std::string("\x26\x00\x01x", 4), {}, false},
      }));
  INFO(what);
  Relay relay(5);
  const std::string bytes =
      packet(Packet::publish, text("a") + static_cast<char>(properties.size()) + properties + "payload");
  CHECK(relay.from_broker(bytes) == good);
  if (!good) return;
  REQUIRE(relay.next() != nullptr);
  CHECK(relay.next()->causes == causes);
  CHECK(relay.next()->payload == "payload");
}

TEST_CASE("mqtt relay: a broker that wants to hear from its client more often does") {
  Relay relay(5);
  const std::string ping = packet(Packet::pingreq, {});
  const Time start = std::chrono::steady_clock::now();
  const std::string properties("\x12\x00\x01x\x13\x00\x04\x26\x00\x01y\x00\x01z", 14);
  CHECK_FALSE(relay.welcomed());
  relay.keep_alive(start);
  CHECK(drain(relay.to_broker()).empty());
  REQUIRE(relay.from_broker(packet(Packet::connack, std::string("\x00\x00\x0e", 3) + properties)));
  CHECK(relay.welcomed());
  CHECK_FALSE(drain(relay.to_paho()).empty());
  relay.keep_alive(start);
  CHECK(drain(relay.to_broker()) == ping);
  relay.keep_alive(start + 1s);
  CHECK(drain(relay.to_broker()).empty());
  relay.keep_alive(start + 2s);
  CHECK(drain(relay.to_broker()) == ping);
}

TEST_CASE("mqtt relay: a message that comes again before it is acknowledged is one") {
  Scene scene;
  const auto again = [](std::string bytes) {
    bytes[0] = static_cast<char>(bytes[0] | 8);
    return bytes;
  };
  scene.broker(publish("a", 1, 7, "1") + again(publish("a", 1, 7, "1")));
  CHECK(scene.take(readings(1)) == "1");
  scene.broker(again(publish("a", 1, 7, "1")));
  CHECK(scene.relay.next() == nullptr);
  CHECK(scene.relay.unacknowledged() == 1);
  scene.safe = {1};
  CHECK(scene.to_broker() == puback(7));
  // It did not hear of it, and sends it once more.
  scene.broker(again(publish("a", 1, 7, "1")));
  CHECK(scene.take(readings(1)) == "1");
  CHECK(scene.to_broker() == puback(7));
  CHECK(scene.relay.idle());
}

TEST_CASE("mqtt relay: so many messages are acknowledged at a time as is wanted") {
  Relay relay(4);
  for (std::uint16_t id = 1; id <= 3; ++id) {
    REQUIRE(relay.from_broker(publish("a", 1, id, "1")));
    relay.taken(readings(id));
  }
  const auto first_two = [](const std::vector<SeqRange>& ranges) { return ranges[0].last <= 2; };
  CHECK_FALSE(relay.release(first_two, 1));
  CHECK(drain(relay.to_broker()) == puback(1));
  CHECK(relay.release(first_two, 1));
  CHECK(drain(relay.to_broker()) == puback(2));
  CHECK(relay.release([](const std::vector<SeqRange>&) { return true; }, 1));
  CHECK(drain(relay.to_broker()) == puback(3));
}

TEST_CASE("mqtt relay: what a broker of version 5 adds to its codes is kept") {
  const std::string words(
      "\x1F\x00\x04"
      "full"
      "\x1C\x00\x03"
      "b:1",
      13);
  Relay refused(5);
  REQUIRE(refused.from_broker(packet(Packet::connack, std::string("\x00\x9C\x0D", 3) + words)));
  CHECK(refused.words() == Words{"full", "b:1"});
  CHECK_FALSE(refused.reason());
  Relay left(5);
  REQUIRE(left.from_broker(packet(Packet::disconnect, std::string("\x97\x0D", 2) + words)));
  CHECK(left.words() == Words{"full", "b:1"});
  CHECK(left.reason() == 0x97);
  CHECK_FALSE(Relay(5).from_broker(packet(Packet::disconnect, std::string("\x97\x0D\x1F", 3))));
  CHECK(said_besides(left.words()) == ", and says \"full\", and names another server for url: b:1");
  CHECK(said_besides({}).empty());
}

TEST_CASE("mqtt relay: a broker's goodbye ends the connection, and Paho is not asked") {
  Relay relay(5);
  CHECK_FALSE(relay.reason());
  REQUIRE(relay.from_broker(packet(Packet::disconnect, GENERATE(std::string("\x8e"), std::string("\x8e\0", 2)))));
  CHECK(relay.reason() == 0x8e);
  CHECK(reason_text(0x8E).find("another client has connected with the same client id") == 0);
  CHECK(drain(relay.to_paho()).empty());
}

TEST_CASE("mqtt relay: what no broker may send is no MQTT") {
  const int version = GENERATE(4, 5);
  const std::string none(version == 5 ? 1 : 0, '\0');
  Relay relay(version);
  REQUIRE(relay.from_broker(packet(Packet::suback, number(1) + none + "\x01")));
  CHECK_FALSE(drain(relay.to_paho()).empty());
  CHECK_FALSE(relay.from_broker(packet(Packet::suback, number(1) + none + "\x01\x01")));
  CHECK_FALSE(relay.from_broker(packet(Packet::suback, number(1) + none)));
  CHECK_FALSE(relay.from_broker(packet(Packet::connack, "\x01")));
  const std::string rest = text("a") + number(7) + none + "1";
  std::string quality = packet(Packet::publish, rest);
  quality[0] = static_cast<char>(quality[0] | 3 << 1);
  CHECK_FALSE(relay.from_broker(quality));
  CHECK_FALSE(relay.from_broker(publish("a", 1, 0, none + "1")));
}

TEST_CASE("mqtt relay: what is asked for is published with QoS 0, between Paho's packets") {
  const int version = GENERATE(4, 5);
  Relay relay(version);
  relay.publish({"spBv1.0/a/NCMD/b", "payload"});
  const std::string bytes = drain(relay.to_broker());
  FrameCutter cutter(1000);
  cutter.add(bytes);
  const auto frame = cutter.next();
  REQUIRE(frame);
  CHECK(frame->bytes == bytes);
  CHECK(frame->qos() == 0);
  const auto said = read_publish(*frame, version);
  REQUIRE(said);
  CHECK(said->topic == "spBv1.0/a/NCMD/b");
  CHECK(said->payload == "payload");
  CHECK_FALSE(said->retained);
}

TEST_CASE("mqtt relay: packets are cut out of the stream wherever it is divided") {
  const std::vector<std::string> packets{publish("a/b", 1, 1, "x"), packet(Packet::pingresp, {}),
                                         publish("", 0, 0, std::string(200, 'y')),
                                         publish("long", 2, 65535, std::string(20'000, 'z'))};
  std::string stream;
  for (const std::string& each : packets)
    stream += each;
  std::minstd_rand random{7};
  for (int round = 0; round < 50; ++round) {
    FrameCutter cutter(Relay::longest_packet);
    std::vector<std::string> found;
    for (std::size_t place = 0; place < stream.size();) {
      const std::size_t size = 1 + random() % (round % 2 == 0 ? 3 : 9000);
      cutter.add(stream.substr(place, size));
      place += size;
      while (const auto frame = cutter.next())
        found.emplace_back(frame->bytes);
    }
    CHECK(found == packets);
  }
}

TEST_CASE("mqtt relay: what is no MQTT is found out") {
  const auto [what, bytes] = GENERATE(table<std::string, std::string>({
      {"a length of five bytes", "\x30\xff\xff\xff\xff\x01"},
      {"a packet without a type", std::string("\x00\x00", 2)},
      {"a CONNACK of 200 MB", "\x20\xff\xff\xff\x7f"},
      {"a message without a topic", std::string("\x30\x01\x00", 3)},
      {"a topic longer than its message", std::string("\x30\x03\x00\x02x", 5)},
      {"a message that ends before its id", std::string("\x32\x04\x00\x01x\x01", 6)},
      {"a message without properties", std::string("\x30\x03\x00\x01x", 5)},
      {"properties that are longer than the message", std::string("\x30\x04\x00\x01x\x01", 6)},
  }));
  INFO(what);
  Relay relay(5);
  CHECK_FALSE(relay.from_broker(bytes));
}

TEST_CASE("mqtt login: Paho's CONNECT gets the login, whatever stands before it") {
  const int version = GENERATE(4, 5);
  const bool will = GENERATE(true, false);
  const std::string properties = version == 5 ? std::string("\x05\x11", 2) + std::string(4, '\x01') : "";
  const auto connect = [&](unsigned flags, const std::string& login) {
    std::string body = text("MQTT") + static_cast<char>(version) + static_cast<char>(flags | (will ? 4U : 0U)) +
                       number(15) + properties + text("gw-07");
    if (will) body += (version == 5 ? std::string(1, '\0') : "") + text("gw/will") + text("offline");
    return packet(Packet::connect, body + login);
  };
  const auto rewritten = [](const std::string& bytes, const Login& login) {
    FrameCutter cutter(100'000);
    cutter.add(bytes);
    return with_login(cutter.next().value(), "token", login);
  };
  const std::string ours = connect(0x80, text("token"));
  CHECK(rewritten(ours, {}) == connect(0, ""));
  CHECK(rewritten(ours, {"operator", ""}) == connect(0x80, text("operator")));
  CHECK(rewritten(ours, {"operator", "secret"}) == connect(0xC0, text("operator") + text("secret")));
  CHECK_FALSE(rewritten(connect(0x80, text("tokem")), {"operator", "secret"}));
  CHECK_FALSE(rewritten(connect(0, ""), {"operator", "secret"}));
  CHECK_FALSE(rewritten(connect(0x80, number(600) + "token"), {"operator", "secret"}));
  CHECK_FALSE(rewritten(packet(Packet::pingreq, {}), {"operator", "secret"}));
}

}  // namespace fieldpost::drivers::mqtt
