// Queue and forwarder as the agent wires them, inside this process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/forwarder/forwarder.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::bench {

/// Leaves so many readings in a new database, in polls of 20 points of 100 devices.
void leave_backlog(const std::string& path, std::uint64_t readings);

class Pipeline {
 public:
  Pipeline();
  /// On a database that is there already.
  Pipeline(const std::string& path, bool live_first);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  Queue& queue() { return queue_; }
  const SystemClock& clock() const { return clock_; }
  /// `change` has the last word on the configuration.
  void forward(const std::string& brokers, const std::string& topic,
               const std::function<void(config::Kafka&)>& change = {});
  ForwarderHealth health() const { return forwarder_->health(); }
  bool link_up() const { return forwarder_ && forwarder_->health().state == LinkState::up; }

 private:
  support::TempDir dir_;
  SystemClock clock_;
  Queue queue_;
  std::unique_ptr<Forwarder> forwarder_;
};

}  // namespace fieldpost::bench
