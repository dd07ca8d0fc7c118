// A database that is none any more.
#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/fault/scene.h"
#include "tests/support/catch.h"

namespace fieldpost::fault {
namespace {

using Catch::Matchers::Contains;

std::string noise() {
  std::mt19937_64 random(support::seed());
  std::string bytes(200'000, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random() & 0xff); });
  return bytes;
}

std::vector<std::string> set_aside(const std::string& database) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(database).parent_path())) {
    const std::string path = entry.path();
    const bool of_sqlite = path.ends_with("-wal") || path.ends_with("-shm");
    if (path.starts_with(database + ".damaged-") && !of_sqlite) found.push_back(path);
  }
  return found;
}

TEST_CASE("a database of noise is set aside, said loudly, and a fresh one works") {
  if (const auto reason = unavailable()) FIELDPOST_SKIP(*reason);
  Scene scene(support::shared_kafka(), {.topic = "noise"});
  scene.start();
  scene.stop_in_order();
  REQUIRE(read_books(scene.database()).account.waiting == 0);
  const std::uint64_t before = scene.ended.begin()->second;
  const std::string bytes = noise();
  scene.folder.write("buffer/queue.db", bytes);

  scene.start_agent();
  REQUIRE(scene.agent->wait_until_up(patience));
  const auto aside = set_aside(scene.database());
  REQUIRE(aside.size() == 1);
  CHECK(support::read_file(aside[0]) == bytes);
  const auto status = scene.agent->status();
  REQUIRE(status);
  REQUIRE((*status)["problems"].size() == 1);
  CHECK((*status)["problems"][0]["code"] == "database");
  CHECK((*status)["problems"][0]["object"] == aside[0]);
  CHECK_THAT(scene.agent->log(), Contains(aside[0]) && Contains("recovered from it into a fresh one"));
  CHECK(scene.everything_arrives());
  scene.stop_in_order();
  const Books books = read_books(scene.database());
  CHECK(books.account.read == scene.ended.at(books.session));
  CHECK(books.account.read == books.account.delivered + books.account.waiting);
  CHECK(scene.ground.read_until([&] { return scene.ground.distinct() >= before + books.account.delivered; }, patience));
  scene.check_numbers();
}

}  // namespace
}  // namespace fieldpost::fault
