// `read --watch` as somebody sees it: at a terminal, and in a pipe.
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/modbus_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using support::eventually;

constexpr auto patience = 30s;
const std::string clear_screen = "\033[H\033[2J";

/// The program at a terminal of its own, where Ctrl-C is a key.
class AtTerminal {
 public:
  explicit AtTerminal(std::vector<std::string> words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    int controller = -1;
    child_ = forkpty(&controller, nullptr, nullptr, nullptr);
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      execv(argv[0], argv.data());
      _exit(127);
    }
    screen_ = support::Socket{controller};
    fcntl(controller, F_SETFL, O_NONBLOCK);
  }
  ~AtTerminal() {
    if (!status_) kill(child_, SIGKILL);
    ended();
  }
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;

  void press(char key) const { REQUIRE(write(screen_.fd(), &key, 1) == 1); }

  bool shows(const std::string& text) {
    return eventually(patience, [&] {
      std::array<char, 4096> buffer{};
      for (ssize_t got = 0; (got = read(screen_.fd(), buffer.data(), buffer.size())) > 0;)
        shown_.append(buffer.data(), static_cast<std::size_t>(got));
      return shown_.find(text) != std::string::npos;
    });
  }

  /// As waitpid() tells it.
  int ended() {
    if (!status_) {
      int status = 0;
      waitpid(child_, &status, 0);
      status_ = status;
    }
    return *status_;
  }

  const std::string& shown() const { return shown_; }

 private:
  support::Socket screen_;
  pid_t child_ = -1;
  std::string shown_;
  std::optional<int> status_;
};

struct Plant {
  support::Equipment equipment;
  support::ModbusTcpServer server{equipment};
  support::TempDir dir;
  std::string file;

  Plant() {
    set(1001);
    dir.write("pump.toml", "model = \"pump\"\n[[point]]\nname = \"p\"\nregister = \"holding:100\"\ntype = \"int16\"\n");
    file =
        dir.write("fieldpost.toml",
                  "[agent]\nid = \"gw\"\nsite = \"s\"\nclock = \"trusted\"\n[buffer]\npath = \"" + (dir / "queue.db") +
                      "\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\n[[modbus]]\nname = \"line\"\n" + "url = \"" +
                      server.url() + "\"\n[[modbus.device]]\nname = \"a\"\nmap = \"pump.toml\"\n");
  }

  void set(std::uint16_t value) { equipment.set(1, config::Table::holding, 100, {value}); }
  std::vector<std::string> watch() const { return {FIELDPOST_BINARY, "-c", file, "read", "a", "--watch"}; }
};

TEST_CASE("read --watch at a terminal: each turn on an empty screen, until Ctrl-C") {
  Plant plant;
  AtTerminal terminal(plant.watch());
  for (std::uint16_t value = 1001; value <= 1003; ++value) {
    plant.set(value);
    INFO(terminal.shown());
    REQUIRE(terminal.shows(std::to_string(value)));
  }
  CHECK(terminal.shown().starts_with(clear_screen));
  // Every turn begins with it: between two of them stands one reading.
  for (std::size_t at = 0, next = 0; next != std::string::npos; at = next) {
    next = terminal.shown().find(clear_screen, at + 1);
    const std::string turn = terminal.shown().substr(at, next - at);
    if (next != std::string::npos) CHECK(turn.find("holding:100") == turn.rfind("holding:100"));
    if (next != std::string::npos) CHECK(turn.find("holding:100") != std::string::npos);
  }
  terminal.press('\003');
  const int status = terminal.ended();
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("read --watch goes on while the device is away") {
  Plant plant;
  AtTerminal terminal(plant.watch());
  REQUIRE(terminal.shows("1001"));
  plant.server.stop();
  REQUIRE(terminal.shows("Connection refused"));
  plant.set(1002);
  plant.server.start();
  INFO(terminal.shown());
  CHECK(terminal.shows("1002"));
}

TEST_CASE("read --watch --json in a pipe: one object a line, and nothing else") {
  Plant plant;
  std::vector<std::string> words = plant.watch();
  words.emplace_back("--json");
  support::Process process({words, {}, ""});
  REQUIRE(process.wait_for_output("1001", patience));
  plant.set(1002);
  REQUIRE(process.wait_for_output("1002", patience));
  process.kill(SIGINT);
  CHECK(process.wait(patience) == support::ExitStatus{-1, SIGINT});
  std::istringstream lines(process.out());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    CHECK(nlohmann::json::parse(line)["points"][0]["quality"] == "good");
  CHECK(count >= 2);
  CHECK(process.err().empty());
}

}  // namespace
}  // namespace fieldpost
