#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {

TEST_CASE("demo: shows the cut, loses nothing, and leaves nothing behind", "[long]") {
  const support::TempDir folder;
  const auto finished =
      support::run({{FIELDPOST_BINARY, "demo", "--json"}, {{"TMPDIR", folder.path()}}, ""}, std::chrono::seconds{120});
  INFO(finished.err);
  CHECK(finished.status.code == 0);
  const auto verdict = nlohmann::json::parse(finished.out);
  CHECK(verdict["complete"] == true);
  CHECK(verdict["readings"] > 1000);
  CHECK(verdict["backfilled"] > 0);
  CHECK(verdict["polls"]["missing"] == 0);
  CHECK(verdict["polls"]["answered"] > 300);
  CHECK_THAT(finished.err, Catch::Matchers::Contains("the link to the ground is cut"));
  CHECK_THAT(finished.err, Catch::Matchers::Contains("nothing is missing"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("demo: ends on Ctrl-C, and leaves nothing behind") {
  const support::TempDir folder;
  support::Process demo({{FIELDPOST_BINARY, "demo"}, {{"TMPDIR", folder.path()}}, ""});
  REQUIRE(demo.wait_for_output("read/s", std::chrono::seconds{20}));
  demo.kill(SIGINT);
  const auto status = demo.wait(std::chrono::seconds{10});
  REQUIRE(status);
  CHECK(status->code == 1);
  CHECK_THAT(demo.err(), Catch::Matchers::Contains("interrupted"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace fieldpost
