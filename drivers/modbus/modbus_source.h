// A Modbus link: one connection, one thread, the devices behind it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/bell.h"
#include "drivers/driver.h"
#include "drivers/modbus/device_reading.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/polled_device.h"

namespace fieldpost::drivers {

/// Every due poll of a group of points is one append() of them all, good or bad, stamped when the last answer arrived;
/// those with a deadband go alone.
class ModbusSource final : public Source {
 public:
  /// All three outlive it.
  ModbusSource(const config::ModbusLink& link, Queue& queue, const Clock& clock);
  ~ModbusSource() override;
  ModbusSource(const ModbusSource&) = delete;
  ModbusSource& operator=(const ModbusSource&) = delete;

  /// Throws std::system_error where the system has no thread for it.
  void start() override;
  void request_stop() override;
  /// Within some 100 ms of request_stop(), unless the queue is full: then as soon as it has room or is closed.
  void join() override;
  SourceHealth health() const override;

  /// Any thread. One poll between the link's own, over its connection; the link's thread serves one such request
  /// between two due polls. An error where it did not come to it within `at_most`.
  DeviceReading read(const ReadOrder& order, std::chrono::milliseconds at_most);

  const std::string& name() const { return link_.name; }

 private:
  struct Asked;

  void run();
  bool wait_until(modbus::Grid::Time due);
  bool poll_next();
  bool discover(modbus::PolledDevice& device);
  bool poll(modbus::PolledDevice& device, const modbus::PolledDevice::Due& due);
  void serve_one();
  void refuse_asked();
  void judge(std::int64_t wall);

  const config::ModbusLink& link_;
  Queue& queue_;
  const Clock& clock_;
  modbus::Line line_;
  std::atomic<bool> stopping_ = false;
  Bell bell_;  // rings when it is stopping, and for each that is asked

  mutable std::mutex mutex_;  // what follows; never held while a device is asked
  std::deque<std::shared_ptr<Asked>> asked_;
  bool ended_ = false;
  std::vector<modbus::PolledDevice> devices_;
  State state_ = State::connecting;
  std::int64_t since_ = 0;
  std::string error_;
  std::uint64_t readings_ = 0;

  std::thread thread_;
};

}  // namespace fieldpost::drivers
