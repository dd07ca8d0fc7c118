// Every example of README.md, run as it stands there: a newcomer gets what he was told.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "agent/cli/args.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/markdown.h"
#include "tests/support/modbus_server.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
using support::Finished;
using support::Step;

constexpr const char* check = "fieldpost -c fieldpost.toml check";
constexpr const char* check_wrong = "fieldpost -c wrong.toml check";
constexpr const char* check_plan = "fieldpost -c fieldpost.toml check --plan";
constexpr const char* check_payload =
    "fieldpost -c fieldpost.toml check --payload sample.json --topic yard/tank-1/state";
constexpr const char* read = "fieldpost -c fieldpost.toml read pump-7";
constexpr const char* run = "fieldpost -c fieldpost.toml run";
constexpr const char* status = "fieldpost -c fieldpost.toml status";
constexpr const char* peek = "fieldpost -c fieldpost.toml queue peek --last 3";
constexpr const char* verify = "fieldpost -c fieldpost.toml queue verify";
constexpr const char* exit_code = "echo $?";

std::string page() {
  return support::read_file(std::string(FIELDPOST_SOURCE) + "/README.md");
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The folder of a newcomer: the README's files, with the addresses of the real parts in the place of its own.
class Trial {
 public:
  explicit Trial(std::string kafka = "127.0.0.1:1", std::string mqtt = "127.0.0.1:1")
      : kafka_(std::move(kafka)), mqtt_(std::move(mqtt)) {
    equipment_.set(1, config::Table::holding, 100, {0x002a, 0x4148, 0x0000});
    equipment_.set(1, config::Table::coil, 7, {1});
    folder_.write("pump.toml", file("pump.toml", 1));
  }

  /// Writes fieldpost.toml as it is after so many of its pieces.
  void configure(std::size_t pieces) { folder_.write("fieldpost.toml", file("fieldpost.toml", pieces)); }
  void slip(int at_line, const std::string& slip) {
    std::istringstream in(file("fieldpost.toml", 1));
    std::string text;
    int number = 0;
    for (std::string line; std::getline(in, line);)
      text.append(++number == at_line ? slip + "\n" : "").append(line).append("\n");
    folder_.write("wrong.toml", text);
  }

  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }

  support::ProcessOptions options(const std::string& command) const {
    std::vector<std::string> words = support::split(command);
    words[0] = FIELDPOST_BINARY;
    return {words, {}, folder_.path()};
  }
  Finished finish(const std::string& command) const { return support::run(options(command), 60s); }

  /// What the README says, as it has to be here.
  std::string here(std::string text) const {
    replace_all(text, "10.0.4.11:502", "127.0.0.1:" + std::to_string(server_.port()));
    replace_all(text, "ground-1:9092", kafka_);
    replace_all(text, "broker.local:1883", mqtt_);
    return text;
  }

 private:
  std::string file(const std::string& name, std::size_t pieces) const {
    std::string text;
    for (const support::Fence& fence : support::fences(page())) {
      if (fence.title == name && pieces-- > 0) text += here(fence.text) + "\n";
    }
    return text;
  }

  std::string kafka_;
  std::string mqtt_;
  support::TempDir folder_;
  support::Equipment equipment_;
  support::ModbusTcpServer server_{equipment_};
};

/// How long a commit takes is shown only where one was made, and when the buffer is full only where it has grown: both
/// are a matter of a moment.
std::string comparable(const std::string& text) {
  std::string plain = support::without_figures(text);
  replace_all(plain, ", a commit takes D (pN)", "");
  replace_all(plain, ", full in D at the present rate", "");
  return plain;
}

/// Walks through the README's commands.
class Walk {
 public:
  explicit Walk(const Trial& trial) : trial_(trial) {}

  const Step& next(const std::string& command) {
    while (at_ < steps_.size() && steps_[at_].command != command)
      ++at_;
    REQUIRE(at_ < steps_.size());
    return steps_[at_++];
  }

  /// The output is as it stands there, but for times.
  void exactly(const std::string& command) {
    const Step& step = next(command);
    const Finished finished = trial_.finish(command);
    code_ = finished.status.code;
    CHECK(support::without_times(finished.out + finished.err) == support::without_times(trial_.here(step.output)));
    check_code();
  }

  /// The output becomes as it stands there, but for figures.
  void becomes(const std::string& command) {
    const Step& step = next(command);
    const std::string expected = comparable(trial_.here(step.output));
    std::string shown;
    const auto end = std::chrono::steady_clock::now() + 40s;
    do {
      const Finished finished = trial_.finish(command);
      code_ = finished.status.code;
      shown = comparable(finished.out + finished.err);
      if (shown != expected) std::this_thread::sleep_for(200ms);
    } while (shown != expected && std::chrono::steady_clock::now() < end);
    CHECK(shown == expected);
    check_code();
  }

 private:
  void check_code() {
    if (at_ == steps_.size() || steps_[at_].command != exit_code) return;
    CHECK(std::to_string(code_) + "\n" == steps_[at_++].output);
  }

  const Trial& trial_;
  const std::vector<Step> steps_ = support::steps(support::fences(page()));
  std::size_t at_ = 0;
  int code_ = 0;
};

std::set<std::string> thread_names(pid_t pid) {
  std::set<std::string> names;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    names.insert(name);
  }
  return names;
}

}  // namespace

TEST_CASE("readme: these tests run all of its commands") {
  std::vector<std::string> commands;
  for (const Step& step : support::steps(support::fences(page())))
    commands.push_back(step.command);
  CHECK(commands == std::vector<std::string>{check, check_wrong, exit_code, check_plan, read, run, status,
                                             check_payload, status, exit_code, peek, status, exit_code, verify});
}

TEST_CASE("readme: checking and reading") {
  Trial trial;
  trial.configure(1);
  trial.slip(15, "timout = \"2s\"");
  Walk walk(trial);
  walk.exactly(check);
  walk.exactly(check_wrong);
  walk.exactly(check_plan);
  walk.exactly(read);
}

TEST_CASE("readme: run, an outage, and a kill in the middle of it") {
  if (const auto reason = support::Kafka::unavailable()) FIELDPOST_SKIP(*reason);
  support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  Trial trial(kafka.proxied_brokers());
  trial.configure(1);
  Walk walk(trial);
  support::Process agent(trial.options(run));
  const std::string log = walk.next(run).output;
  walk.becomes(status);
  std::istringstream expected(support::without_figures(log));
  for (std::string line; std::getline(expected, line);) {
    INFO(line);
    CHECK(support::eventually(
        10s, [&] { return support::without_figures(agent.err()).find(line + "\n") != std::string::npos; }));
  }
  proxy.cut();
  walk.becomes(status);
  walk.becomes(peek);
  agent.kill(SIGKILL);
  REQUIRE(agent.wait(10s));
  walk.becomes(status);
  walk.becomes(verify);
}

TEST_CASE("readme: an MQTT message becomes the record shown") {
  if (!support::Mosquitto::installed()) FIELDPOST_SKIP("mosquitto is not installed");
  const support::Mosquitto mosquitto;
  Trial trial("127.0.0.1:1", "127.0.0.1:" + std::to_string(mosquitto.port()));
  trial.configure(2);
  support::Process agent(trial.options(run));
  REQUIRE(agent.wait_for_output("mqtt yard: up", 30s));
  support::Publisher(mosquitto.port()).publish("yard/tank-1/state", R"({"level": 71.5})");
  const std::set<std::string> threads = thread_names(agent.pid());
  for (const char* name : {"forwarder", "rdk:main", "writer", "plc-a", "yard"})
    CHECK(threads.contains(name));
  std::string line;
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (line.empty() && std::chrono::steady_clock::now() < end)
    line = trial.finish("fieldpost -c fieldpost.toml queue peek --json --device tank-1").out;
  REQUIRE_FALSE(line.empty());
  Json record = Json::parse(line);
  Json shown;
  for (const support::Fence& fence : support::fences(page())) {
    if (fence.language == "json") shown = Json::parse(fence.text);
  }
  for (const char* own : {"session", "seq", "time"}) {
    CHECK(record[own].type() == shown[own].type());
    record[own] = shown[own];
  }
  record.erase("clock");  // there on a machine whose clock NTP has not set
  CHECK(record.dump() == shown.dump());
  CHECK(page().find("`{\"level\": 71.5}` to `yard/tank-1/state`") != std::string::npos);
  trial.write("sample.json", "{\"level\": 71.5}\n");
  Walk(trial).exactly(check_payload);
}

TEST_CASE("readme: scripts, verbs and files that the pages name exist") {
  const std::filesystem::path source = FIELDPOST_SOURCE;
  for (const support::Fence& fence : support::fences(page())) {
    if (fence.language != "sh") continue;
    std::istringstream in(fence.text);
    for (std::string line; std::getline(in, line);) {
      std::vector<std::string> words = support::split(line);
      if (words[0] == "sudo") words.erase(words.begin());
      INFO(line);
      if (words[0] == "fieldpost") CHECK(cli::parse_args({words.begin() + 1, words.end()}).error.empty());
      if (words[0].find('/') != std::string::npos) CHECK(::access((source / words[0]).c_str(), X_OK) == 0);
    }
  }
  for (const char* name :
       {"README.md", "CONTRIBUTING.md", "docs/kafka.md", "docs/modbus.md", "docs/mqtt.md", "docs/records.md"}) {
    for (const std::string& file : support::linked_files(support::read_file(source / name))) {
      INFO(name << ": " << file);
      CHECK(std::filesystem::exists((source / name).parent_path() / file));
    }
  }
}

}  // namespace fieldpost
