#include "agent/queue_options.h"

namespace fieldpost {
namespace {

WhenFull when_full(config::WhenFull when_full) {
  switch (when_full) {
    case config::WhenFull::drop_newest:
      return WhenFull::drop_newest;
    case config::WhenFull::block:
      return WhenFull::block;
    case config::WhenFull::drop_oldest:
      break;
  }
  return WhenFull::drop_oldest;
}

}  // namespace

QueueOptions queue_options(const config::Config& config) {
  QueueOptions options;
  options.path = config.buffer.path;
  options.commit_interval = config.buffer.commit_interval;
  options.max_memory = config.buffer.max_memory;
  options.agent = config.agent.id;
  options.site = config.agent.site;
  options.max_size = config.buffer.max_size;
  options.max_age = std::chrono::floor<std::chrono::seconds>(config.buffer.max_age);
  options.when_full = when_full(config.buffer.when_full);
  options.live_first = config.kafka.order == config::Order::live_first;
  return options;
}

}  // namespace fieldpost
