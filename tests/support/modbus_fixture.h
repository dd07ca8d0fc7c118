// What the Modbus tests have in common: a link, a queue, and what was appended to it.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

inline config::Point point(std::string name, config::Table table, std::uint16_t address,
                           config::Type type = config::Type::uint16) {
  config::Point made;
  made.name = std::move(name);
  made.reg = {table, address};
  made.type = type;
  return made;
}

inline config::ModbusDevice device(std::string name, int unit, std::chrono::milliseconds every,
                                   std::vector<config::Point> points) {
  config::ModbusDevice made;
  made.name = std::move(name);
  made.unit = unit;
  made.every = every;
  made.points = std::make_shared<const config::DeviceMap>(config::DeviceMap{{}, std::move(points)});
  return made;
}

inline config::ModbusLink tcp_link(std::string host, std::uint16_t port, std::vector<config::ModbusDevice> devices) {
  config::ModbusLink link;
  link.name = "plc-a";
  link.url.host = std::move(host);
  link.url.port = port;
  link.timeout = std::chrono::seconds{5};
  link.devices = std::move(devices);
  return link;
}

inline config::ModbusLink rtu_link(std::string path, std::vector<config::ModbusDevice> devices) {
  config::ModbusLink link = tcp_link("", 0, std::move(devices));
  link.url.kind = config::ModbusUrl::Kind::rtu;
  link.url.path = std::move(path);
  link.url.baud = 115'200;
  link.url.parity = 'N';
  return link;
}

/// One poll of a device, as it was appended.
struct Polled {
  std::string device;
  Stamp stamp;
  std::vector<std::string> values;  // bad ones as "bad: REASON"
};

/// A queue whose readings are taken out as fast as they come.
class PolledQueue {
 public:
  PolledQueue() : queue_({dir_ / "queue.db", std::chrono::hours{1}, 16 << 20, "gw", ""}, clock_) {}

  Queue& queue() { return queue_; }
  const SystemClock& clock() const { return clock_; }
  const TempDir& dir() const { return dir_; }
  /// Everything since the last call, but for what the agent says of itself.
  std::vector<Polled> take();
  /// Waits until the agent says something of itself that holds these members of the record; what came before it is
  /// thrown away.
  bool says(const std::string& members, std::chrono::milliseconds at_most = std::chrono::seconds{20});
  /// Waits until a poll of the device has these values; what came before it is thrown away.
  bool comes(const std::string& device, const std::vector<std::string>& values,
             std::chrono::milliseconds at_most = std::chrono::seconds{20});

 private:
  TempDir dir_;
  SystemClock clock_;
  Queue queue_;
  std::vector<std::string> said_;
};

}  // namespace fieldpost::support
