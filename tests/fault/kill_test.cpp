// kill -9 of the agent at random moments. Whatever SQLite had committed arrives, and so does whatever the MQTT broker
// was told is safe; what Kafka holds is in order.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <random>
#include <thread>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {
namespace {

using namespace std::chrono_literals;
using support::Identity;

constexpr int longest_life_ms = 1200;  // also shorter than the start takes

/// tests/soak/kill asks for more.
int kills_wanted() {
  const char* given = std::getenv("FIELDPOST_KILLS");
  return given != nullptr ? std::stoi(given) : 30;
}

class Dice {
 public:
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(engine_); }

 private:
  std::mt19937_64 engine_{support::seed()};
};

void turn_link(support::TcpProxy& proxy, bool down, Dice& dice) {
  if (!down) {
    proxy.resume();
  } else if (dice.up_to(1) == 0) {
    proxy.cut();
  } else {
    proxy.black_hole();
  }
}

bool on_the_ground(const support::Ground& ground, const std::set<Identity>& all) {
  return std::all_of(all.begin(), all.end(), [&](const Identity& identity) { return ground.has(identity); });
}

std::vector<Identity> lost(const support::Ground& ground, const std::set<Identity>& all) {
  std::vector<Identity> lost;
  std::copy_if(all.begin(), all.end(), std::back_inserter(lost),
               [&](const Identity& identity) { return !ground.has(identity); });
  return lost;
}

/// `topic` is made; `lines` of [kafka] come on top. The repeats on the ground.
std::size_t kill_at_random(const std::string& topic, const std::string& lines) {
  Dice dice;
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = topic, .proxied = true, .kafka = lines});
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start();

  const int kills = kills_wanted();
  std::set<Identity> committed;
  for (int kill = 0; kill < kills; ++kill) {
    const int life = dice.up_to(longest_life_ms);
    const int turn = dice.up_to(life);
    std::this_thread::sleep_for(std::chrono::milliseconds{turn});
    turn_link(proxy, kill % 2 == 0, dice);
    std::this_thread::sleep_for(std::chrono::milliseconds{life - turn});
    scene.agent->kill();
    committed.merge(read_books(scene.database()).waiting);
    scene.start_agent();
  }
  proxy.resume();
  REQUIRE(scene.agent->wait_until_up(patience));
  scene.plant.stop();
  scene.meter->stop();
  const std::uint64_t published = scene.meter->acknowledged();
  const bool arrived = scene.ground.read_until(
      [&] {
        return scene.ground.numbers("meter-1", "number").size() >= published && on_the_ground(scene.ground, committed);
      },
      patience);
  INFO(scene.agent->log());
  CHECK(arrived);
  scene.stop_in_order();

  CHECK(committed.size() > 100);
  CHECK(published > 100);
  const std::vector<Identity> none_lost;  // compared to, so that a failure prints what is
  CHECK(lost(scene.ground, committed) == none_lost);
  CHECK(missing(scene.ground.numbers("meter-1", "number"), published) == none);
  scene.check_order();

  const Books books = read_books(scene.database());
  CHECK(books.account.read == books.account.delivered + books.account.waiting);
  std::set<Identity> last_session;
  for (std::uint64_t seq = 1; seq <= books.last; ++seq) {
    if (!books.waiting.contains({books.session, seq})) last_session.emplace(books.session, seq);
  }
  CHECK(scene.ground.read_until([&] { return on_the_ground(scene.ground, last_session); }, patience));
  CHECK(books.account.delivered <= scene.ground.distinct());
  std::uint64_t polls = 0;
  std::uint64_t gone = 0;
  for (const int unit : {1, 2}) {
    const auto& numbers = scene.ground.numbers("pump-" + std::to_string(unit), "polls");
    CHECK((numbers.empty() || *numbers.rbegin() <= scene.plant.answered(unit)));
    polls += scene.plant.answered(unit);
    gone += missing(numbers, scene.plant.answered(unit)).size();
  }
  std::cout << kills << " kills: " << scene.ground.sessions().size() << " sessions on the ground, " << committed.size()
            << " readings found committed, " << published << " messages acknowledged: all arrived; of " << polls
            << " answered polls " << gone << " were neither acknowledged nor committed yet" << std::endl;
  return scene.ground.duplicates();
}

TEST_CASE("the agent is killed at random moments, with Kafka up and down", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  kill_at_random("killed", "");
}

TEST_CASE("the same with exactly-once: nothing arrives twice", "[long]") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  CHECK(kill_at_random("killed-exactly-once", "delivery = \"exactly-once\"\n") == 0);
}

}  // namespace
}  // namespace fieldpost::fault
