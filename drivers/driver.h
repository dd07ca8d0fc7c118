// What the agent knows of a driver: it starts, it stops, it tells how it is. A driver does not log and does not throw
// after start(): it counts into its health, and the agent speaks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fieldpost::drivers {

/// connecting: has not yet reached the far side since the start. degraded: some of it works.
enum class State { connecting, up, degraded, down };

const char* to_string(State state);

struct DeviceHealth {
  std::string name;
  State state = State::connecting;
  std::int64_t last_reading = 0;  // wall time in microseconds; 0: none yet
  std::string error;              // the reason of the last failure, empty while up
  std::uint64_t polls = 0;
  std::uint64_t errors = 0;  // failed polls, time-outs among them
  std::uint64_t timeouts = 0;
  std::uint64_t overruns = 0;  // whole periods skipped
  double lateness_p99 = 0;     // seconds that a poll started after its place on the grid
};

struct SourceHealth {
  std::string name;
  std::string driver;  // modbus | mqtt | self
  std::string url;
  State state = State::connecting;
  std::int64_t since = 0;  // wall time in microseconds of the last change of state
  std::string error;
  std::uint64_t readings = 0;
  std::uint64_t bad_payloads = 0;    // mqtt: messages with a problem: a value, a name or a time is missing, or a gap
  std::string last_bad_payload;      // its topic and reason
  std::string last_bad_rule;         // the rule that had to read it: its place and topic
  std::string last_bad_remedy;       // what to do about it
  std::uint64_t unasked = 0;         // mqtt: messages of topics that no rule names
  std::string last_unasked;          // its topic
  std::string unasked_remedy;        // what to do about it
  std::uint64_t lost_sessions = 0;   // mqtt: times that the broker had forgotten the session that it was to keep
  std::string lost_remedy;           // what to do about it
  std::uint64_t unacknowledged = 0;  // mqtt: messages whose readings are not safe yet, which the broker keeps
  std::vector<DeviceHealth> devices;
  std::uint64_t unlisted = 0;  // mqtt: readings of devices that are beyond the limit of those listed
};

class Source {
 public:
  virtual ~Source() = default;
  virtual void start() = 0;
  /// Asks the driver to end; returns at once.
  virtual void request_stop() = 0;
  /// Waits until the driver's threads have ended. After it nothing is appended any more.
  virtual void join() = 0;
  /// Any thread, cheap: the agent asks once a second.
  virtual SourceHealth health() const = 0;
};

}  // namespace fieldpost::drivers
