#include "tests/bench/pipeline.h"

#include "config/config.h"

namespace fieldpost::bench {

using namespace std::chrono_literals;

Pipeline::Pipeline()
    : queue_({dir_ / "queue.db", config::Buffer{}.commit_interval, config::Buffer{}.max_memory, "gw-bench", ""},
             clock_) {}

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
