#include "agent/demo/demo.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "agent/demo/agent_process.h"
#include "agent/demo/ground.h"
#include "agent/demo/plant.h"
#include "agent/demo/verdict.h"
#include "agent/demo/yard.h"
#include "agent/status.h"
#include "agent/text.h"
#include "buffer/peek.h"

namespace fieldpost::demo {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* topic = "telemetry.demo";
constexpr seconds before_cut{10};
constexpr seconds cut{10};
constexpr seconds after_cut{12};
constexpr seconds to_settle{15};

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) {
  interrupted = 1;
}

class Folder {
 public:
  Folder() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/fieldpost-demo-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error(path_ + ": no temporary folder can be made");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A line a second, and announcements between them.
class Show {
 public:
  explicit Show(bool json) : out_(json ? std::cerr : std::cout), tty_(::isatty(json ? 2 : 1) == 1) {}

  void say(const std::string& text) {
    out_ << (tty_ ? "\033[1m" : "") << clock() << "  " << text << (tty_ ? "\033[0m" : "") << std::endl;
  }
  void heading() { out_ << "  time      read/s   waiting   ack p50   ack p99  link" << std::endl; }
  void glimpse(const std::optional<Glimpse>& now, std::uint64_t per_second) {
    if (!now) return say("the agent does not answer");
    const auto time = [&](const std::optional<double>& value) {
      return value && now->link_up ? duration_text(*value) : "-";
    };
    char line[160];
    std::snprintf(line, sizeof line, "%s  %8s  %8s  %8s  %8s  ", clock().c_str(), grouped(per_second).c_str(),
                  grouped(now->waiting).c_str(), time(now->ack_p50).c_str(), time(now->ack_p99).c_str());
    const char* colour = now->link_up ? "\033[32m" : "\033[31m";
    out_ << line << (tty_ ? colour : "") << now->link << (tty_ ? "\033[0m" : "") << std::endl;
  }

 private:
  std::string clock() const {
    char text[16];
    const auto time = std::chrono::duration_cast<seconds>(steady_clock::now() - start_);
    std::snprintf(text, sizeof text, "%4d s", static_cast<int>(time.count()));
    return text;
  }

  std::ostream& out_;
  bool tty_;
  steady_clock::time_point start_ = steady_clock::now();
};

class Demo {
 public:
  explicit Demo(bool json) : show_(json), ground_(topic) {
    if (const auto mosquitto = find_mosquitto()) yard_.emplace(*mosquitto, folder_.path());
    agent_.emplace(AgentOptions{folder_.path(), topic, ground_.brokers(), plant_.port(),
                                yard_ ? std::optional(yard_->port()) : std::nullopt});
  }

  Verdict run() {
    introduce();
    if (!watch(seconds{15}, [](const Glimpse& now) { return now.link_up && now.sources_up; })) {
      throw std::runtime_error("link and equipment did not come up within 15 s");
    }
    if (yard_) yard_->start();
    show_.say("everything is up");
    watch(before_cut);
    show_.say("the link to the ground is cut for 10 s: readings wait in the agent's buffer");
    ground_.cut();
    watch(cut);
    show_.say("the link is restored: what waited goes first, marked as backfill");
    ground_.restore();
    watch(after_cut);
    const Sent sent = stop_equipment();
    settle(sent);
    show_.say("the agent is stopped, and the topic is read back");
    agent_->stop();
    return judge(ground_.read_back(), sent, account_of(Peek(agent_->database()).state().account));
  }

 private:
  void introduce() {
    show_.say("equipment: 3 pumps behind a Modbus TCP server" +
              std::string(yard_ ? ", 3 meters publishing over Mosquitto" : ""));
    if (!yard_) show_.say("Mosquitto is not installed: the demo goes without MQTT");
    show_.say("ground: Kafka embedded (librdkafka's mock cluster) on " + ground_.brokers());
    show_.say("ack: from the equipment's answer to Kafka's acknowledgement");
    show_.heading();
  }

  /// Shows a line a second until the time is up (false) or the condition holds (true).
  template <typename Condition>
  bool watch(seconds at_most, Condition&& until) {
    const auto end = steady_clock::now() + at_most;
    for (auto next = steady_clock::now(); next < end;) {
      next += seconds{1};
      while (steady_clock::now() < next) {
        if (interrupted != 0) throw std::runtime_error("interrupted");
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
      }
      const auto now = agent_->look();
      show_.glimpse(now, now && now->read > read_ ? now->read - read_ : 0);
      if (now) read_ = now->read;
      if (now && until(*now)) return true;
    }
    return false;
  }
  void watch(seconds time) {
    watch(time, [](const Glimpse&) { return false; });
  }

  Sent stop_equipment() {
    show_.say("the equipment is switched off");
    Sent sent;
    if (yard_) {
      yard_->stop();
      if (!yard_->error().empty()) throw std::runtime_error("the meters could not publish: " + yard_->error());
      sent.messages = yard_->acknowledged();
    }
    plant_.stop();
    sent.polls = plant_.answered();
    return sent;
  }

  /// Mosquitto may still hold messages that it has acknowledged; each becomes two readings.
  void settle(const Sent& sent) {
    std::uint64_t messages = 0;
    for (const auto& [meter, last] : sent.messages)
      messages += last;
    const bool settled =
        watch(to_settle, [&](const Glimpse& now) { return now.mqtt_readings >= 2 * messages && now.waiting == 0; });
    if (!settled) show_.say("readings still wait after 15 s");
  }

  // The equipment stands before the agent here, so that the agent ends first.
  Show show_;
  Folder folder_;
  Ground ground_;
  Plant plant_;
  std::optional<Yard> yard_;
  std::optional<AgentProcess> agent_;
  std::uint64_t read_ = 0;
};

}  // namespace

int run_demo(bool json) {
  struct sigaction action {};
  action.sa_handler = interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  const Verdict verdict = Demo(json).run();
  (json ? std::cerr : std::cout) << "\n" << to_string(verdict) << std::flush;
  if (json) std::cout << to_json(verdict) << std::endl;
  return verdict.failures.empty() ? 0 : 1;
}

}  // namespace fieldpost::demo
