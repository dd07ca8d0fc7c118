// What becomes of a message: its readings go into the queue, and what it lacks is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/mqtt/interpreter.h"
#include "drivers/mqtt/message.h"
#include "drivers/mqtt/shapes.h"

namespace fieldpost::drivers::mqtt {

class Intake {
 public:
  /// Queue and clock outlive it.
  Intake(const config::MqttBroker& broker, Queue& queue, const Clock& clock);

  /// One thread at a time. Every rule that matches makes its readings, where they have names. It never waits: whether
  /// the queue has room for a message is asked before, see QueueWatch::room().
  Taken take(const Message& message);

  /// The next request that is due although no message came. By the thread of take(), about once a second, again until
  /// there is none; it costs nothing where there is none.
  std::optional<Request> remind() { return interpreter_.remind(clock_.now()); }

  /// Any thread: fills in readings, bad payloads and devices.
  void report(SourceHealth& health) const;

 private:
  struct Arrival {
    Stamp stamp;
    Hold hold;
  };

  bool append(const Layout& layout, std::span<const Value> values, std::optional<std::int64_t> wall,
              const Arrival& arrival, Taken& taken);
  bool append(const Interpreted& made, const Arrival& arrival, Taken& taken);
  bool append(const Decoded& decoded, const Arrival& arrival, Taken& taken);
  bool keep(const Interpreted& made, const Message& message, const Arrival& arrival, Taken& taken);
  void count_device(const std::string& name, std::span<const Value> values, std::int64_t arrival);
  void count_bad(std::string_view topic, const config::MqttRule& rule, const std::string& reason);
  void count_unasked(std::string_view topic);

  const config::MqttBroker broker_;
  Queue& queue_;
  const Clock& clock_;
  Interpreter interpreter_;
  Shapes shapes_;

  mutable std::mutex mutex_;
  std::uint64_t readings_ = 0;
  std::uint64_t bad_payloads_ = 0;
  std::string last_bad_payload_;
  const config::MqttRule* last_bad_rule_ = nullptr;  // in broker_
  std::uint64_t unasked_ = 0;
  std::string last_unasked_;
  std::map<std::string, DeviceHealth, std::less<>> devices_;
  std::uint64_t unlisted_ = 0;
};

}  // namespace fieldpost::drivers::mqtt
