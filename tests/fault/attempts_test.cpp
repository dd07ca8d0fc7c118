// How often the agent tries to connect while no broker lets it in: seen from the brokers' ports.
#include <poll.h>

#include <algorithm>
#include <thread>

#include "tests/support/agent_process.h"
#include "tests/support/catch.h"
#include "tests/support/free_port.h"
#include "tests/support/socket.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Times = std::vector<Steady::time_point>;

/// Ports that accept and close at once, of an agent of their own.
class Closed {
 public:
  explicit Closed(int brokers, const std::string& kafka = "") {
    std::string list;
    for (int i = 0; i < brokers; ++i) {
      const std::uint16_t port = support::free_port();
      listeners_.push_back(support::listen_on(port));
      list += (list.empty() ? "\"127.0.0.1:" : ", \"127.0.0.1:") + std::to_string(port) + "\"";
    }
    folder_.write("fieldpost.toml",
                  "[agent]\nid = \"gw-07\"\nsite = \"kiruna\"\nclock = \"trusted\"\n[buffer]\npath = \"" +
                      (folder_ / "queue.db") + "\"\n[kafka]\nbrokers = [" + list + "]\ntopic = \"t\"\n" + kafka);
    agent_.emplace(FIELDPOST_BINARY, folder_ / "fieldpost.toml");
  }

  /// Takes what comes until then.
  static void watch(std::vector<Closed*> all, std::chrono::milliseconds for_so_long) {
    const auto end = Steady::now() + for_so_long;
    std::vector<pollfd> fds;
    for (const Closed* one : all) {
      for (const support::Socket& listener : one->listeners_)
        fds.push_back({listener.fd(), POLLIN, 0});
    }
    while (Steady::now() < end) {
      poll(fds.data(), fds.size(), 50);
      for (Closed* one : all) {
        for (const support::Socket& listener : one->listeners_) {
          while (support::accept_from(listener).open())
            one->times_.push_back(Steady::now());
        }
      }
    }
  }
  const Times& times() const { return times_; }

 private:
  support::TempDir folder_;
  std::vector<support::Socket> listeners_;
  Times times_;
  std::optional<support::AgentProcess> agent_;
};

/// The middle one: where the machine stands still for a moment, what came meanwhile is seen at once.
std::chrono::milliseconds usual_gap(const Times& times) {
  std::vector<Steady::duration> gaps;
  for (std::size_t i = 1; i < times.size(); ++i)
    gaps.push_back(times[i] - times[i - 1]);
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return std::chrono::duration_cast<std::chrono::milliseconds>(*middle);
}

TEST_CASE("an agent tries to connect once a second, whatever the number of brokers") {
  std::string kafka;
  const int brokers = GENERATE(1, 3);
  SECTION("at least once") {}
  SECTION("exactly once") {
    kafka = "delivery = \"exactly-once\"\n";
  }
  SECTION("with a login of its own") {
    kafka = "[kafka.sasl]\nmechanism = \"SCRAM-SHA-256\"\nusername = \"gw\"\npassword_file = \"fieldpost.toml\"\n";
  }
  CAPTURE(brokers, kafka);
  Closed closed(brokers, kafka);
  Closed::watch({&closed}, 7s);
  const Times& times = closed.times();
  REQUIRE(times.size() >= 4);
  // All together no more than one a second.
  CHECK(usual_gap(times) >= 900ms);
  CHECK(times.back() - times.front() >= static_cast<int>(times.size() - 1) * 1s - 800ms);
}

TEST_CASE("two agents do not try to connect in step") {
  Closed one(1);
  Closed other(1);
  Closed::watch({&one, &other}, 8s);
  const std::size_t both = std::min(one.times().size(), other.times().size());
  REQUIRE(both >= 5);
  std::vector<Steady::duration> apart;
  for (std::size_t i = 0; i < both; ++i)
    apart.push_back(one.times()[i] - other.times()[i]);
  const auto [least, most] = std::minmax_element(apart.begin(), apart.end());
  CHECK(*most - *least > 20ms);
}

}  // namespace
}  // namespace fieldpost::fault
