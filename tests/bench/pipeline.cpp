#include "tests/bench/pipeline.h"

#include <stdexcept>

#include "config/config.h"
#include "tests/bench/plant.h"

namespace fieldpost::bench {

using namespace std::chrono_literals;

namespace {

QueueOptions options(const std::string& path, bool live_first) {
  QueueOptions options;
  options.path = path;
  options.agent = "gw-bench";
  options.max_size = 16ULL << 30;
  options.live_first = live_first;
  return options;
}

}  // namespace

void leave_backlog(const std::string& path, std::uint64_t readings) {
  constexpr std::size_t kPoints = 20;
  const SystemClock clock(true);
  Plant plant(100, kPoints);
  Queue queue(options(path, false), clock);
  for (std::uint64_t poll = 0; poll < readings / kPoints; ++poll)
    queue.append(plant.layout(poll), clock.now(), plant.values(poll));
  if (queue.finish(60s).readings > 0) throw std::runtime_error("not committed");
}

Pipeline::Pipeline() : queue_(options(dir_ / "queue.db", false), clock_) {}
Pipeline::Pipeline(const std::string& path, bool live_first) : queue_(options(path, live_first), clock_) {}

Pipeline::~Pipeline() {
  queue_.close();
  if (forwarder_) forwarder_->stop(1s);
  queue_.finish(10s);
}

void Pipeline::forward(const std::string& brokers, const std::string& topic,
                       const std::function<void(config::Kafka&)>& change) {
  config::Config config;
  config.agent.id = "gw-bench";
  config.kafka.brokers = {brokers};
  config.kafka.topic = topic;
  if (change) change(config.kafka);
  forwarder_ = std::make_unique<Forwarder>(config, queue_, clock_);
  forwarder_->start();
}

}  // namespace fieldpost::bench
