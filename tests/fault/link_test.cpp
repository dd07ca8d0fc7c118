// Kafka and the way to it: killed, black-holed, half open, not there yet.
#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {
namespace {

bool wait_for_link(support::AgentProcess& agent, const std::string& state) {
  return agent.wait_for([&](const auto& status) { return status["link"]["state"] == state; }, patience);
}

TEST_CASE("Kafka is killed, and restarted on its data", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka kafka;
  Scene scene(kafka, {.topic = "kafka-killed"});
  scene.start();
  kafka.kill();
  CHECK(wait_for_link(*scene.agent, "down"));
  CHECK(wait_for_waiting(*scene.agent, 200));
  kafka.start();
  CHECK(scene.everything_arrives());
  CHECK(wait_for_link(*scene.agent, "up"));
  scene.stop_in_order();
  scene.check_all();
}

TEST_CASE("the link is black-holed, and healed", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = "black-hole", .proxied = true});
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start();
  proxy.black_hole();
  CHECK(wait_for_link(*scene.agent, "down"));
  CHECK(wait_for_waiting(*scene.agent, 500));
  proxy.resume();
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
}

TEST_CASE("a connection to Kafka is half open: the far end has forgotten it", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = "half-open", .proxied = true});
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start();
  proxy.half_open();
  CHECK(wait_for_link(*scene.agent, "down"));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
}

TEST_CASE("Kafka comes after the agent") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = "kafka-later", .proxied = true});
  scene.start_agent();
  CHECK(wait_for_waiting(*scene.agent, 200));
  const support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  CHECK(wait_for_link(*scene.agent, "up"));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
}

}  // namespace
}  // namespace fieldpost::fault
