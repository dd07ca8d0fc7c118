// SIGTERM while the way to Kafka, or the disk too, is gone: the agent ends within 5 s and says what became of what it
// held.
#include <filesystem>
#include <sstream>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/tcp_proxy.h"

namespace fieldpost::fault {
namespace {

using Catch::Matchers::Contains;

/// The seqs of this session that the log's last line calls lost.
std::vector<SeqRange> called_lost(const std::string& log) {
  const std::string words = " are lost: session ";
  const auto at = log.rfind(words);
  if (at == std::string::npos) return {};
  std::istringstream line(log.substr(log.find(", seq ", at) + 6));
  std::vector<SeqRange> ranges;
  SeqRange range;
  char separator = ',';
  while (separator == ',' && line >> range.first >> separator >> range.last) {
    ranges.push_back(range);
    separator = static_cast<char>(line.get());
  }
  return ranges;
}

TEST_CASE("SIGTERM while Kafka cannot be reached: what waits is committed, and arrives after the next start") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  const bool refused = GENERATE(true, false);
  INFO((refused ? "connections are refused" : "connections get no answer"));
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = refused ? "term-refused" : "term-silent", .proxied = true});
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start();
  refused ? proxy.cut() : proxy.black_hole();
  CHECK(wait_for_waiting(*scene.agent, 200));
  scene.stop_in_order();
  const Books books = read_books(scene.database());
  CHECK(books.waiting.size() >= 200);
  CHECK(books.waiting.contains({books.session, books.last}));
  CHECK_THAT(scene.agent->log(), Contains("everything that waits is on the disk"));

  proxy.resume();
  scene.start_agent();
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  scene.check_all();
  CHECK(scene.ended.size() == 2);
}

TEST_CASE("SIGTERM while neither Kafka nor the disk can be reached: the loss is said by seq, and MQTT's is none") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  Scene scene(kafka, {.topic = "term-no-disk", .proxied = true});
  // The agent's persistent session at the broker, made while all is well.
  {
    const support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
    scene.start();
    REQUIRE(scene.ground.read_until([&] { return scene.ground.numbers("meter-1", "number").size() > 10; }, patience));
    scene.stop_in_order();
  }
  const auto folder = std::filesystem::path(scene.database()).parent_path();
  std::filesystem::rename(folder, scene.folder / "elsewhere");
  scene.folder.write("buffer", "a file where a folder should be");
  const std::uint64_t before = scene.plant.answered(1);
  scene.start_agent();
  CHECK(support::eventually(patience, [&] { return scene.plant.answered(1) >= before + 50; }));
  scene.plant.stop();
  check_stops(*scene.agent, 1);
  const std::string log = scene.agent->log();
  INFO(log);
  CHECK_THAT(log, Contains("readings could not be committed") && Contains("Not a directory"));
  const auto lost = called_lost(log);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].first == 1);
  CHECK(lost[0].count() >= 150);

  std::filesystem::remove(folder);
  std::filesystem::rename(scene.folder / "elsewhere", folder);
  const support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  scene.start_agent();
  scene.meter->stop();
  const std::uint64_t published = scene.meter->acknowledged();
  CHECK(
      scene.ground.read_until([&] { return scene.ground.numbers("meter-1", "number").size() >= published; }, patience));
  scene.stop_in_order();
  CHECK(missing(scene.ground.numbers("meter-1", "number"), published) == none);
  CHECK(scene.ground.sessions().size() == 2);
}

}  // namespace
}  // namespace fieldpost::fault
