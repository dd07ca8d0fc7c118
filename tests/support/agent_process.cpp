#include "tests/support/agent_process.h"

#include <csignal>
#include <thread>
#include <utility>

namespace fieldpost::support {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_questions{100};  // each is a process of its own
constexpr std::chrono::seconds patience{30};

bool is_up(const nlohmann::json& part) {
  return part.value("state", "") == "up";
}

}  // namespace

AgentProcess::AgentProcess(std::string binary, std::string config, const std::map<std::string, std::string>& env)
    : binary_(std::move(binary)), config_(std::move(config)), process_({{binary_, "-c", config_, "run"}, env, {}}) {}

std::optional<nlohmann::json> AgentProcess::status() const {
  const Finished asked = run({{binary_, "-c", config_, "status", "--json"}, {}, {}}, patience);
  if (asked.status.code > 1) return std::nullopt;
  auto status = nlohmann::json::parse(asked.out, nullptr, false);
  if (!status.is_object()) return std::nullopt;
  return status;
}

bool AgentProcess::wait_for(const std::function<bool(const nlohmann::json&)>& predicate, milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (process_.running() && std::chrono::steady_clock::now() < end) {
    const auto now = status();
    if (now && predicate(*now)) return true;
    std::this_thread::sleep_for(between_questions);
  }
  return false;
}

bool AgentProcess::wait_until_up(milliseconds at_most) {
  return wait_for(
      [](const nlohmann::json& status) {
        for (const auto& source : status["sources"]) {
          if (!is_up(source)) return false;
        }
        return is_up(status["link"]);
      },
      at_most);
}

void AgentProcess::kill() {
  process_.kill(SIGKILL);
  process_.wait(patience);
}

std::optional<ExitStatus> AgentProcess::terminate(milliseconds at_most) {
  process_.kill(SIGTERM);
  return process_.wait(at_most);
}

}  // namespace fieldpost::support
