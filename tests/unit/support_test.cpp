// The test support's own tests: a proxy or a process helper that lies would make every other test lie.
#include <csignal>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a process's output and end are captured", "[support]") {
  const Finished done =
      run({{"sh", "-c", "echo out; echo err >&2; echo $GREETING; pwd; exit 7"}, {{"GREETING", "hi"}}, "/"});
  CHECK(done.out == "out\nhi\n/\n");
  CHECK(done.err == "err\n");
  CHECK(done.status == ExitStatus{7, 0});
}

TEST_CASE("a process that is killed says by which signal", "[support]") {
  Process sleeper({{"sleep", "60"}, {}, {}});
  CHECK(sleeper.running());
  CHECK_FALSE(sleeper.wait(10ms));
  sleeper.kill(SIGTERM);
  CHECK(sleeper.wait(10s) == ExitStatus{-1, SIGTERM});
  CHECK_FALSE(sleeper.running());
}

TEST_CASE("a process does not outlive its object", "[support]") {
  pid_t pid = 0;
  {
    const Process sleeper({{"sleep", "60"}, {}, {}});
    pid = sleeper.pid();
    REQUIRE(kill(pid, 0) == 0);
  }
  CHECK(kill(pid, 0) != 0);
}

TEST_CASE("a program that does not exist is said at the start", "[support]") {
  CHECK_THROWS_AS(Process({{"/no/such/program"}, {}, {}}), std::system_error);
}

TEST_CASE("output can be waited for while the process runs", "[support]") {
  Process talker({{"sh", "-c", "echo ready; exec sleep 60"}, {}, {}});
  CHECK(talker.wait_for_output("ready", 10s));
  CHECK(talker.running());
}

TEST_CASE("a temporary folder goes with its object", "[support]") {
  std::string file;
  {
    const TempDir dir;
    file = dir.write("a/b.txt", "content");
    CHECK(read_file(file) == "content");
  }
  CHECK_FALSE(std::ifstream(file));
}

TEST_CASE("ports are never given twice", "[support]") {
  CHECK(free_port() != free_port());
}

}  // namespace
}  // namespace fieldpost::support
