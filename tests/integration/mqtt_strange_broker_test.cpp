// Brokers that do what Mosquitto does not: they say goodbye, are silent, or close before they have answered.
#include <sys/socket.h>

#include <array>
#include <functional>
#include <thread>

#include "drivers/mqtt/frame.h"
#include "tests/integration/mqtt_bench.h"
#include "tests/support/loopback_server.h"
#include "tests/support/socket.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using namespace support;
using drivers::State;
using drivers::mqtt::Frame;
using drivers::mqtt::FrameCutter;
using drivers::mqtt::packet;
using drivers::mqtt::Packet;

/// Answers each packet of its clients, one after another, with what the test says. MQTT 5.
class ScriptedBroker {
 public:
  struct Answer {
    std::string bytes;
    bool closes = false;
  };
  using Script = std::function<Answer(const Frame& frame)>;

  explicit ScriptedBroker(Script script) : script_(std::move(script)) {}

  std::uint16_t port() const { return server_.port(); }
  int connections() const { return server_.connections(); }

 private:
  void serve(const Socket& client) {
    FrameCutter cutter(1U << 20);
    std::array<char, 4096> bytes{};
    for (; !server_.ending(); std::this_thread::sleep_for(1ms)) {
      const ssize_t got = recv(client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got == 0) return;
      if (got > 0) cutter.add({bytes.data(), static_cast<std::size_t>(got)});
      while (const auto frame = cutter.next()) {
        const Answer answer = script_(*frame);
        send(client.fd(), answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
        if (answer.closes) return;
      }
    }
  }

  const Script script_;
  LoopbackServer server_{[this](const Socket& client) { serve(client); }};
};

const std::string welcome = packet(Packet::connack, std::string(3, '\0'));

std::string granted(const Frame& subscribe) {
  return packet(Packet::suback, std::string(subscribe.body.substr(0, 2)) + std::string(1, '\0') + "\x01");
}

std::string publish(const std::string& topic, const std::string& payload) {
  const std::string head{'\0', static_cast<char>(topic.size())};
  std::string bytes = packet(Packet::publish, head + topic + std::string("\0\7", 2) + payload);
  bytes[0] = static_cast<char>(bytes[0] | 2);
  return bytes;
}

config::MqttBroker version_5(std::uint16_t port) {
  config::MqttBroker broker = mqtt_broker(port, {mqtt_rule("yard/+", "{1}", "v", config::MqttRule::Payload::text)});
  broker.version = 5;
  return broker;
}

}  // namespace

TEST_CASE("mqtt 5: after a broker's goodbye its reason is said, and the agent connects again") {
  const bool closes = GENERATE(true, false);
  INFO((closes ? "and closes" : "and leaves the connection open"));
  ScriptedBroker broker([&](const Frame& frame) -> ScriptedBroker::Answer {
    if (frame.type() == Packet::connect) return {welcome};
    if (frame.type() == Packet::subscribe) return {granted(frame) + packet(Packet::disconnect, "\x8b"), closes};
    return {};
  });
  MqttBench bench;
  RunningMqtt source(version_5(broker.port()), bench);
  CHECK(source.wait_for_error("it shuts down"));
  CHECK(eventually(mqtt_patience, [&] { return broker.connections() >= 3; }));
}

TEST_CASE("mqtt 5: a broker that keeps messages for less than was asked for is said to") {
  const bool less = GENERATE(true, false);
  const std::string expiry = std::string("\x11\x00\x09\x3A", 4) + (less ? '\x7F' : '\x80');  // of 604,800 s
  ScriptedBroker broker([&](const Frame& frame) -> ScriptedBroker::Answer {
    if (frame.type() == Packet::connect) return {packet(Packet::connack, std::string("\x00\x00\x05", 3) + expiry)};
    if (frame.type() == Packet::subscribe) return {granted(frame)};
    if (frame.type() == Packet::pingreq) return {packet(Packet::pingresp, {})};
    return {};
  });
  MqttBench bench;
  RunningMqtt source(version_5(broker.port()), bench);
  CHECK(source.wait_for(less ? State::degraded : State::up));
  const std::string said =
      "the broker keeps messages for an agent that is away only for 604799 s: raise its limit, or set session_expiry "
      "to "
      "that";
  CHECK(source.health().error == (less ? said : ""));
}

TEST_CASE("mqtt: a connection that is reset while nothing is read is left at once") {
  QueueOptions options{"/proc/none/queue.db", 1ms, 64 << 10, "gw", "kiruna"};
  options.when_full = WhenFull::block;
  const SystemClock clock;
  Queue queue(options, clock);
  std::atomic<bool> stuck = false;
  LoopbackServer broker([&](Socket& client) {
    FrameCutter cutter(1U << 20);
    std::array<char, 4096> bytes{};
    std::string out;
    const std::string message = publish("yard/a", std::string(3'000, 'x'));
    bool floods = false;
    auto moved = std::chrono::steady_clock::now();
    for (; !broker.ending(); std::this_thread::sleep_for(1ms)) {
      const ssize_t got = recv(client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got == 0) return;
      if (got > 0) cutter.add({bytes.data(), static_cast<std::size_t>(got)});
      while (const auto frame = cutter.next()) {
        if (frame->type() == Packet::connect) out += packet(Packet::connack, std::string(2, '\0'));
        floods = floods || frame->type() == Packet::subscribe;
        if (frame->type() == Packet::subscribe) {
          out += packet(Packet::suback, std::string(frame->body.substr(0, 2)) + "\x01");
        }
      }
      while (floods && out.size() < 1U << 20)
        out += message;
      const ssize_t wrote = send(client.fd(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (wrote > 0) {
        out.erase(0, static_cast<std::size_t>(wrote));
        moved = std::chrono::steady_clock::now();
      } else if (floods && std::chrono::steady_clock::now() - moved > 500ms) {
        stuck = true;
        return client.reset();
      }
    }
  });
  const TempDir folder;
  drivers::mqtt::KeptSubscriptions kept(folder / "kept");
  drivers::MqttSource source(
      mqtt_broker(broker.port(), {mqtt_rule("yard/+", "{1}", "v", config::MqttRule::Payload::text)}), queue, kept,
      clock);
  source.start();
  REQUIRE(eventually(mqtt_patience, [&] { return stuck.load(); }));
  // Not only when the next ping is written, 15 s later.
  CHECK(eventually(8s, [&] { return broker.connections() >= 2; }));
  source.request_stop();
  source.join();
}

TEST_CASE("mqtt 5: what a broker adds to its refusal is said") {
  const std::string words(
      "\x1F\x00\x0A"
      "moved\nyard"
      "\x1C\x00\x08"
      "b2:18830",
      24);
  ScriptedBroker broker([&](const Frame& frame) -> ScriptedBroker::Answer {
    if (frame.type() != Packet::connect) return {};
    return {packet(Packet::connack, std::string("\x00\x9D\x18", 3) + words), true};
  });
  MqttBench bench;
  RunningMqtt source(version_5(broker.port()), bench);
  CHECK(
      source.wait_for_error("the broker refused the login: server moved (code 0x9D), and says \"moved\nyard\", and "
                            "names another server for url: b2:18830"));
}

TEST_CASE("mqtt 5: a broker that closes instead of answering the login may want TLS") {
  ScriptedBroker broker([](const Frame&) -> ScriptedBroker::Answer { return {"", true}; });
  MqttBench bench;
  RunningMqtt source(version_5(broker.port()), bench);
  CHECK(
      source.wait_for_error("closed the connection before it answered the login: where its port wants TLS, write "
                            "mqtts:// in url"));
}

TEST_CASE("mqtt 5: a broker that does not answer is said to, and left", "[long]") {
  const bool login = GENERATE(true, false);
  ScriptedBroker broker([&](const Frame& frame) -> ScriptedBroker::Answer {
    if (frame.type() == Packet::connect && !login) return {welcome};
    if (frame.type() == Packet::pingreq) return {packet(Packet::pingresp, {})};
    return {};
  });
  MqttBench bench;
  RunningMqtt source(version_5(broker.port()), bench);
  const std::string words =
      login ? "the broker does not answer the login" : "the subscription to yard/+ was not answered by the broker";
  CHECK(eventually(60s, [&] { return source.health().error == words; }));
  CHECK(eventually(mqtt_patience, [&] { return broker.connections() >= 2; }));
}

}  // namespace fieldpost
