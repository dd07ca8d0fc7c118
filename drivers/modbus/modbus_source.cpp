#include "drivers/modbus/modbus_source.h"

#include <algorithm>
#include <future>
#include <utility>

#include "buffer/thread_name.h"

namespace fieldpost::drivers {

using SteadyClock = std::chrono::steady_clock;

struct ModbusSource::Asked {
  ReadOrder order;
  std::promise<DeviceReading> answer;
};

namespace {

DeviceReading refused(const std::string& device, const Clock& clock, std::string error) {
  return {device, clock.now().wall, 0, {}, std::move(error)};
}

}  // namespace

ModbusSource::ModbusSource(const config::ModbusLink& link, Queue& queue, const Clock& clock)
    : link_(link), queue_(queue), clock_(clock), line_(link), since_(clock.now().wall) {
  devices_.reserve(link.devices.size());
  for (const config::ModbusDevice& device : link.devices)
    devices_.emplace_back(device, link.name, queue.agent(), link.devices.size() == 1);
}

ModbusSource::~ModbusSource() {
  request_stop();
  join();
}

void ModbusSource::start() {
  {
    const std::lock_guard lock(mutex_);
    const SteadyClock::time_point now = SteadyClock::now();
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      devices_[i].begin(now, modbus::phase(link_.name, i, devices_.size(), devices_[i].config().every));
    }
  }
  thread_ = std::thread([this] { run(); });
}

void ModbusSource::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  bell_.ring();
  line_.interrupt();
}

void ModbusSource::join() {
  if (thread_.joinable()) thread_.join();
}

void ModbusSource::run() {
  name_thread(name());
  while (!stopping_ && !devices_.empty()) {
    serve_one();
    if (!poll_next()) break;
  }
  refuse_asked();
}

/// Waits for the poll that is due next, those of the alarm lane before the others, and makes it; false at the end.
bool ModbusSource::poll_next() {
  const modbus::Grid::Time now = SteadyClock::now();
  modbus::PolledDevice* device = nullptr;
  modbus::PolledDevice::Due next;
  for (modbus::PolledDevice& other : devices_) {
    const modbus::PolledDevice::Due due = other.next(now);
    if (device == nullptr || modbus::before(due, next, now)) {
      device = &other;
      next = due;
    }
  }
  if (!wait_until(next.at)) return true;
  return next.group != nullptr ? poll(*device, next) : discover(*device);
}

bool ModbusSource::discover(modbus::PolledDevice& device) {
  const SteadyClock::time_point began = SteadyClock::now();
  const modbus::sunspec::Discovery found = modbus::sunspec::discover(line_, device.config().unit);
  if (stopping_) return false;
  const Stamp stamp = clock_.now();
  const SteadyClock::time_point now = SteadyClock::now();
  {
    const std::lock_guard lock(mutex_);
    device.discovered(found, began, now);
    judge(stamp.wall);
  }
  device.announce(queue_, stamp, now, 0);
  return true;
}

bool ModbusSource::wait_until(modbus::Grid::Time due) {
  while (!stopping_ && SteadyClock::now() < due) {
    {
      const std::lock_guard lock(mutex_);
      if (!asked_.empty()) return false;
    }
    bell_.sleep_until(due);
  }
  return !stopping_;
}

bool ModbusSource::poll(modbus::PolledDevice& device, const modbus::PolledDevice::Due& due) {
  const SteadyClock::time_point began = SteadyClock::now();
  due.group->read(line_, device.config().unit);
  const Stamp stamp = clock_.now();
  if (stopping_) return false;  // what was interrupted says nothing about the device
  const SteadyClock::time_point now = SteadyClock::now();
  const modbus::Polled polled = device.hand_on(*due.group, queue_, stamp, began, now);
  {
    const std::lock_guard lock(mutex_);
    readings_ += polled.readings;
    device.account(*due.group, polled, due.at, began, stamp.wall);
    judge(stamp.wall);
  }
  if (polled.closing) return false;
  device.announce(queue_, stamp, now, polled.overruns);
  return true;
}

void ModbusSource::judge(std::int64_t wall) {
  std::size_t up = 0;
  std::size_t down = 0;
  std::size_t polled = 0;
  error_.clear();
  for (const modbus::PolledDevice& device : devices_) {
    if (device.state() == State::connecting) continue;
    ++polled;
    if (device.state() == State::up) ++up;
    if (device.state() == State::down) ++down;
    if (error_.empty() && !device.error().empty()) error_ = device.config().name + ": " + device.error();
  }
  if (polled > 0 && down == polled && !line_.error().empty()) error_ = line_.error();
  State state = State::degraded;
  if (up == polled) state = State::up;
  if (down == polled) state = State::down;
  if (state != state_) since_ = wall;
  state_ = state;
}

void ModbusSource::serve_one() {
  std::shared_ptr<Asked> asked;
  {
    const std::lock_guard lock(mutex_);
    if (asked_.empty()) return;
    asked = std::move(asked_.front());
    asked_.pop_front();
  }
  asked->answer.set_value(modbus::take(line_, link_, asked->order, clock_));
}

void ModbusSource::refuse_asked() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  for (const std::shared_ptr<Asked>& asked : asked_) {
    asked->answer.set_value(refused(asked->order.device, clock_, "the link is stopping"));
  }
  asked_.clear();
}

DeviceReading ModbusSource::read(const ReadOrder& order, std::chrono::milliseconds at_most) {
  const auto asked = std::make_shared<Asked>();
  asked->order = order;
  std::future<DeviceReading> answer = asked->answer.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return refused(order.device, clock_, "the link is stopping");
    asked_.push_back(asked);
  }
  bell_.ring();
  if (answer.wait_for(at_most) == std::future_status::ready) return answer.get();
  const std::lock_guard lock(mutex_);
  std::erase(asked_, asked);
  return refused(order.device, clock_, "the link had no time for it within " + std::to_string(at_most.count()) + " ms");
}

SourceHealth ModbusSource::health() const {
  const std::lock_guard lock(mutex_);
  SourceHealth health;
  health.name = link_.name;
  health.driver = "modbus";
  health.url = link_.url.text;
  health.state = state_;
  health.since = since_;
  health.error = error_;
  health.readings = readings_;
  for (const modbus::PolledDevice& device : devices_)
    health.devices.push_back(device.health());
  return health;
}

}  // namespace fieldpost::drivers
