// The gate with all the threads that have to do with it: its own, the queue's writer, the forwarder's, and who ends it.
// In Paho's place there is a client that only subscribes, as ThreadSanitizer knows nothing of Paho.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <thread>

#include "drivers/mqtt/gate.h"
#include "tests/integration/mqtt_bench.h"
#include "tests/support/pki.h"
#include "tests/support/socket.h"
#include "tests/support/strict_broker.h"
#include "tests/support/tls_front.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using namespace support;
using drivers::mqtt::Gate;
using drivers::mqtt::Message;
using drivers::mqtt::packet;
using drivers::mqtt::Packet;
using drivers::mqtt::Taken;

const Layout state("yard", "meter", {{"n", ""}});

/// Keeps the connection through the gate until it is told to end, or the gate has ended it.
class SilentClient {
 public:
  explicit SilentClient(const Gate& gate)
      : socket_(connect_to(static_cast<std::uint16_t>(std::stoi(gate.url().substr(gate.url().rfind(':') + 1))))) {
    const std::string& token = gate.token();
    std::string says = packet(
        Packet::connect, std::string("\0\4MQTT\4\x80\0\x3c\0\2gw\0", 15) + static_cast<char>(token.size()) + token);
    std::string subscribe = packet(Packet::subscribe, std::string("\0\1\0\4yard\1", 9));
    subscribe[0] = static_cast<char>(subscribe[0] | 2);
    says += subscribe;
    thread_ = std::thread([this, says] { run(says); });
  }
  ~SilentClient() {
    ending_ = true;
    thread_.join();
  }
  SilentClient(const SilentClient&) = delete;
  SilentClient& operator=(const SilentClient&) = delete;

 private:
  void run(std::string says) {
    std::array<char, 4096> bytes{};
    while (!ending_) {
      pollfd entry{socket_.fd(), static_cast<short>(says.empty() ? POLLIN : POLLIN | POLLOUT), 0};
      poll(&entry, 1, 10);
      if ((entry.revents & POLLOUT) != 0) {
        const ssize_t wrote = send(socket_.fd(), says.data(), says.size(), MSG_NOSIGNAL);
        if (wrote > 0) says.erase(0, static_cast<std::size_t>(wrote));
      }
      if ((entry.revents & ~POLLOUT) != 0 && recv(socket_.fd(), bytes.data(), bytes.size(), 0) == 0) return;
    }
  }

  Socket socket_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// In the forwarder's place: Kafka acknowledges whatever waits.
class Acknowledging {
 public:
  explicit Acknowledging(Queue& queue) : queue_(queue), thread_([this] { run(); }) {}
  ~Acknowledging() {
    ending_ = true;
    thread_.join();
  }
  Acknowledging(const Acknowledging&) = delete;
  Acknowledging& operator=(const Acknowledging&) = delete;

 private:
  void run() {
    while (!ending_) {
      while (const auto claim = queue_.claim())
        queue_.settle(*claim, {});
      std::this_thread::sleep_for(100us);
    }
  }

  Queue& queue_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("mqtt gate: all is acknowledged in order by whoever makes it safe, while connections come and go",
          "[threads]") {
  const bool tls = GENERATE(false, true);
  const std::size_t window = GENERATE(1U, 50U);
  // Both make readings safe, or Kafka alone.
  const std::chrono::microseconds commit_interval = GENERATE(200us, 3600'000'000us);
  constexpr std::uint64_t connections = 20;
  constexpr std::uint64_t each = 200;
  MqttBench bench(commit_interval);
  bench.rely_on_acknowledgements();
  std::uint64_t taken = 0;
  {
    const Acknowledging kafka(bench.queue());
    StrictBroker broker(window, [](std::uint64_t number) { return std::to_string(number); });
    config::MqttBroker at = mqtt_broker(broker.port(), {});
    const TempDir files;
    std::optional<TlsFront> front;
    if (tls) {
      const Authority authority("yard");
      front.emplace(authority.issue({"broker", "DNS:localhost"}), broker.port());
      at.url = {"localhost", front->port(), "mqtts://" + front->address(), true};
      at.tls.emplace();
      at.tls->ca = files.write("ca.pem", authority.certificate());
    }
    drivers::Resolver resolver(at.url.host, at.url.port);
    const Gate::Reading reading{[&](const Message& message) -> Taken {
      ++taken;
      const std::vector<Value> values{message.payload};
      return {{bench.queue().append(state, bench.clock().now(), values, Hold::yes, Wait::no)}};
    }};
    for (std::uint64_t connection = 1; connection <= connections; ++connection) {
      const Gate gate(at, &bench.queue(), resolver, reading);
      const SilentClient subscriber(gate);
      CHECK(eventually(mqtt_patience, [&] { return broker.acknowledged() >= connection * each; }));
    }
    CHECK_FALSE(broker.disordered());
  }
  CHECK(taken >= connections * each);
  const Account account = bench.queue().health().account;
  CHECK(account.read == taken);
  CHECK(account.read == account.delivered + account.waiting);
}

}  // namespace fieldpost
