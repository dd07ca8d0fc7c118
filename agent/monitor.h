// Looks at every room once a second: rates, problems, and what has changed since the last look, which it logs. Rooms
// below the agent only count; here they get their voice.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/forwarder/forwarder.h"
#include "agent/growth.h"
#include "agent/status.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "drivers/driver.h"

namespace fieldpost {

class Monitor {
 public:
  /// All of them outlive it.
  Monitor(const config::Config& config, const Queue& queue, const Forwarder& forwarder,
          const std::vector<std::unique_ptr<drivers::Source>>& sources, const Clock& clock);

  /// The main thread, once a second.
  void tick();

  /// Any thread: how it is now, with the rates of the last tick.
  Status status() const;

 private:
  struct Counted {
    std::uint64_t count = 0;
    double per_second = 0;
  };

  Status look() const;
  void speak_of_link(const LinkStatus& link);
  void speak_of_disk(const Status& status);
  void speak_of_evictions(const QueueHealth& queue);
  void speak_of_rejections();
  void speak_of_source(const drivers::SourceHealth& source);
  void still(const std::string& object, const std::string& state, const std::string& error);
  void changed(const std::string& object, const std::string& state, const std::string& error);

  const config::Config& config_;
  const Queue& queue_;
  const Forwarder& forwarder_;
  const std::vector<std::unique_ptr<drivers::Source>>& sources_;
  const Clock& clock_;
  const std::int64_t started_;  // CLOCK_BOOTTIME

  mutable std::mutex mutex_;  // of the rates and the growth
  std::map<std::string, Counted> rates_;
  std::int64_t ticked_ = 0;
  Growth growth_;

  // The main thread only.
  std::map<std::string, std::string> states_;             // as last logged, by object
  std::map<std::string, std::set<std::string>> reasons_;  // logged since a source's state changed, by object
  std::string disk_error_;
  std::string set_aside_;
  std::map<std::string, std::uint64_t> evicted_;  // by reason
  std::set<std::string> evicting_;                // the reasons whose beginning was logged, and not yet their end
  std::uint64_t rejected_ = 0;
  std::map<std::string, std::uint64_t> bad_payloads_;
  std::map<std::string, std::uint64_t> lost_sessions_;
  std::set<std::string> unasked_;   // the brokers that have sent messages which no rule names
  std::set<std::string> overlong_;  // the sources whose devices are not all listed
};

}  // namespace fieldpost
