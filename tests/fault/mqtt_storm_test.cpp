// MQTT while everything around it fails at random: the agent is killed, its connection to the broker is cut in the
// middle of a packet, the broker is restarted, Kafka goes and comes. Every message that was published arrives: whatever
// the broker was told is safe is safe, and the rest it sends again.
#include <iostream>
#include <random>
#include <thread>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/free_port.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 12;
constexpr int longest_calm_ms = 700;
constexpr std::uint64_t thin = 97'003;  // bytes a second to the broker: packets come in pieces

class Storm {
 public:
  Storm(const std::string& topic, int qos)
      : ground_(kafka_.brokers(), topic),
        to_kafka_(kafka_.proxy_port(), kafka_.proxied_port()),
        to_broker_(support::free_port(), mosquitto_.port()) {
    support::create_topic(kafka_.brokers(), topic, 3);
    config_ = folder_.write(
        "fieldpost.toml",
        "[agent]\nid = \"gw-storm\"\nclock = \"trusted\"\n[buffer]\npath = \"queue.db\"\n"
        "[kafka]\nbrokers = [\"" +
            kafka_.proxied_brokers() + "\"]\ntopic = \"" + topic +
            "\"\n[[mqtt]]\nname = \"yard\"\nurl = \"mqtt://127.0.0.1:" + std::to_string(to_broker_.port()) +
            "\"\n[[mqtt.subscribe]]\ntopic = \"yard/+\"\nqos = " + std::to_string(qos) +
            "\npayload = \"text\"\ndevice = \"{1}\"\npoint = \"number\"\n");
    start_agent();
    REQUIRE(agent_->wait_until_up(patience));
    meter_.emplace(mosquitto_.port(), "yard/meter", 1ms, qos);
  }

  void blow(std::mt19937_64& dice) {
    const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(dice); };
    for (int round = 0; round < rounds; ++round) {
      if (up_to(1) == 0) {
        to_kafka_.cut();
      } else {
        to_kafka_.resume();
      }
      to_broker_.throttle(up_to(1) == 0 ? thin : 0);
      std::this_thread::sleep_for(std::chrono::milliseconds{up_to(longest_calm_ms)});
      switch (round % 4) {
        case 0:
        case 2:
          agent_->kill();
          start_agent();
          break;
        case 1:
          to_broker_.cut();
          to_broker_.resume();
          break;
        default:
          mosquitto_.stop();
          mosquitto_.start();
      }
    }
    to_broker_.throttle(0);
    to_kafka_.resume();
  }

  void check_all() {
    meter_->stop();
    const std::uint64_t published = meter_->acknowledged();
    const bool arrived = ground_.read_until([&] { return numbers().size() >= published; }, patience);
    INFO(agent_->log());
    CHECK(arrived);
    CHECK(published > 200);
    CHECK(missing(numbers(), published) == none);
    std::cout << published << " messages published; " << ground_.arrivals().size() - numbers().size() << " came again"
              << std::endl;
    check_stops(*agent_, 0);
  }

 private:
  void start_agent() { agent_ = std::make_unique<support::AgentProcess>(FIELDPOST_BINARY, config_); }
  const std::set<std::uint64_t>& numbers() const { return ground_.numbers("meter", "number"); }

  const support::Kafka& kafka_ = support::shared_kafka();
  const support::TempDir folder_;
  support::Mosquitto mosquitto_{{"", "", "max_queued_messages 0\n"}};
  support::Ground ground_;
  support::TcpProxy to_kafka_;
  support::TcpProxy to_broker_;
  std::string config_;
  std::unique_ptr<support::AgentProcess> agent_;
  std::optional<support::NumberedPublisher> meter_;
};

TEST_CASE("MQTT in a storm: no message is lost", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const int qos = GENERATE(1, 2);
  INFO("QoS " << qos);
  std::mt19937_64 dice{support::seed() + static_cast<unsigned>(qos)};
  Storm storm("mqtt-storm-" + std::to_string(qos), qos);
  storm.blow(dice);
  storm.check_all();
}

}  // namespace
}  // namespace fieldpost::fault
