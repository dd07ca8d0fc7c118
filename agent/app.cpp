#include "agent/app.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "agent/control.h"
#include "agent/device_reading_json.h"
#include "agent/forwarder/forwarder.h"
#include "agent/log.h"
#include "agent/memory.h"
#include "agent/monitor.h"
#include "agent/queue_options.h"
#include "agent/service.h"
#include "agent/text.h"
#include "agent/version.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "drivers/modbus/modbus_source.h"
#include "drivers/mqtt/kept_subscriptions.h"
#include "drivers/mqtt/source.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

// An orderly stop ends within 5 s whatever the network and the disk do: these, and the
// forwarder's own half a second, add up to 4.7.
constexpr auto kSourcesEnd = 1500ms;
constexpr auto kFreedSourcesEnd = 200ms;
constexpr auto kForwarderEnds = 1000ms;
constexpr auto kCommitEnds = 1500ms;
constexpr auto kReadTakes = 10s;
constexpr auto kOrderTakes = 50s;
constexpr const char* kNotNow =
    "the disk cannot be used now, or is slow: fieldpost status says more; it is done as soon as the disk allows";
constexpr auto kTick = 1s;
constexpr auto kGiveBackEvery = 10s;

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

class App {
 public:
  explicit App(const config::Config& config)
      : config_(config),
        clock_(config.agent.clock == config::Clock::trusted),
        queue_(queue_options(config), clock_),
        subscriptions_(config.buffer.path + ".subscriptions"),
        forwarder_(config, queue_, clock_),
        monitor_(config, queue_, forwarder_, sources_, clock_) {
    for (const config::ModbusLink& link : config.modbus) {
      auto source = std::make_unique<drivers::ModbusSource>(link, queue_, clock_);
      modbus_.push_back(source.get());
      sources_.push_back(std::move(source));
    }
    for (const config::MqttBroker& broker : config.mqtt) {
      sources_.push_back(std::make_unique<drivers::MqttSource>(broker, queue_, subscriptions_, clock_));
    }
  }

  void start() {
    say_what_was_found();
    forwarder_.start();
    for (const auto& source : sources_)
      source->start();
    control_ = std::make_unique<ControlServer>(control_path(config_.buffer.path),
                                               [this](const Request& request) { return answer(request); });
    service::ready();
  }

  void run_until_signal() {
    const sigset_t signals = stop_signals();
    service::Watchdog watchdog(kPatience);
    const timespec tick{std::chrono::seconds(kTick).count(), 0};
    int signal = -1;
    auto give_back = std::chrono::steady_clock::now() + kGiveBackEvery;
    bool started = false;
    do {
      monitor_.tick();
      if (std::chrono::steady_clock::now() >= give_back) {
        memory::give_back();
        if (!std::exchange(started, true)) memory::forget_start();
        give_back += kGiveBackEvery;
      }
      const Status status = monitor_.status();
      service::status("link " + std::string(to_string(status.link.state)) + ", " +
                      grouped(status.queue.account.waiting) + " readings waiting");
      const auto stuck = watchdog.stuck({{"forwarder", forwarder_.health().turns}}, clock_.now().boot);
      if (stuck.empty()) service::feed_watchdog();
      for (const std::string& thread : stuck)
        log::sampled(thread, thread + " stands still; the watchdog is not fed");
      signal = sigtimedwait(&signals, nullptr, &tick);
    } while (signal < 0);
    log::info(std::string("stopping: ") + strsignal(signal));
  }

  /// The flow from its source to its end. True: all is safe.
  bool stop() {
    service::stopping();
    for (const auto& source : sources_)
      source->request_stop();
    std::packaged_task<void()> join([this] {
      for (const auto& source : sources_)
        source->join();
    });
    std::future<void> joined = join.get_future();
    std::thread(std::move(join)).detach();
    joined.wait_for(kSourcesEnd);
    queue_.close();  // frees a source that waits for room in RAM
    if (joined.wait_for(kFreedSourcesEnd) != std::future_status::ready) {
      log::warning("a source does not end; what it had in hand is not acknowledged to its sender");
    }
    forwarder_.stop(kForwarderEnds);
    const Unsafe left = queue_.finish(kCommitEnds);
    const Account account = queue_.health().account;
    log::info("account: " + to_string(account));
    if (left.readings == 0) {
      log::info("stopped: everything that waits is on the disk");
      return true;
    }
    std::string ranges;
    for (const SeqRange& range : left.ranges) {
      ranges += (ranges.empty() ? "" : ", ") + std::to_string(range.first) + "-" + std::to_string(range.last);
    }
    log::error("stopped: " + grouped(left.readings) + " readings could not be committed (" + left.reason +
               ") and are lost: session " + std::to_string(queue_.session()) + ", seq " + ranges);
    return false;
  }

 private:
  static constexpr auto kPatience = 15s;

  void say_what_was_found() const {
    const QueueHealth health = queue_.health();
    log::info("fieldpost " + std::string(kVersion) + ", agent " + config_.agent.id + ", session " +
              std::to_string(queue_.session()) + ", " + grouped(health.account.waiting) + " readings waiting in " +
              config_.buffer.path);
    if (!health.previous) return;
    log::info("the session before, " + std::to_string(health.previous->session) +
              (health.previous->clean ? ", ended cleanly at seq " : ", crashed; known of it up to seq ") +
              std::to_string(health.previous->last));
  }

  std::string answer(const Request& request) {
    if (request.verb == "status") return to_json(monitor_.status());
    if (request.verb == "purge") return purge(request.order);
    if (request.verb == "retry") return retry();
    for (drivers::ModbusSource* source : modbus_) {
      if (has(*source, request.read)) return to_json(source->read(request.read, kReadTakes));
    }
    return error_json("no Modbus " + std::string(request.read.unit ? "link" : "device") + " is named " +
                      request.read.device);
  }

  static bool has(const drivers::ModbusSource& source, const drivers::ReadOrder& order) {
    if (order.unit) return source.name() == order.device;
    const std::vector<drivers::DeviceHealth> devices = source.health().devices;
    return std::any_of(devices.begin(), devices.end(), [&](const auto& device) { return device.name == order.device; });
  }

  std::string purge(const PurgeOrder& order) {
    const std::optional<Purged> purged = queue_.purge(order, kOrderTakes);
    if (!purged) return error_json(kNotNow);
    log::info("buffer: queue purge: " + grouped(purged->readings) + " readings were given up, as was asked for");
    return to_json(*purged);
  }

  std::string retry() {
    const std::optional<std::uint64_t> readings = queue_.retry(kOrderTakes);
    if (!readings) return error_json(kNotNow);
    log::info("buffer: queue retry: " + grouped(*readings) + " rejected readings wait again");
    return to_json(Purged{*readings, 0});
  }

  const config::Config& config_;
  const SystemClock clock_;
  Queue queue_;
  drivers::mqtt::KeptSubscriptions subscriptions_;
  Forwarder forwarder_;
  std::vector<std::unique_ptr<drivers::Source>> sources_;
  std::vector<drivers::ModbusSource*> modbus_;
  Monitor monitor_;
  std::unique_ptr<ControlServer> control_;
};

int run(const config::Config& config) {
  // Every thread inherits the mask: only the main thread takes these signals.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  memory::keep_little();
  try {
    // Never destroyed: see run_agent.
    auto* app = new App(config);
    app->start();
    app->run_until_signal();
    return app->stop() ? 0 : 1;
  } catch (const BufferRefused& refused) {
    log::error(refused.what());
    return 2;
  } catch (const std::exception& error) {
    log::error(error.what());
    return 1;
  }
}

}  // namespace

void run_agent(const config::Config& config) {
  _exit(run(config));
}

}  // namespace fieldpost
