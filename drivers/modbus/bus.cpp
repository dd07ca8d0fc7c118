#include "drivers/modbus/bus.h"

#include <modbus/modbus.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "drivers/modbus/socket.h"

namespace fieldpost::drivers::modbus {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Outcome::Kind;

/// How long a serial line is listened to after a time-out at most: a late answer must not be taken for the next one's.
constexpr std::chrono::microseconds longest_quiet = std::chrono::seconds{1};
/// Ends a frame on a serial line also behind a USB adapter that collects for 16 ms.
constexpr std::chrono::microseconds gap = std::chrono::milliseconds{20};

Outcome failure(int error) {
  if (error == ETIMEDOUT) return {Kind::timeout};
  if (error > MODBUS_ENOBASE && error <= EMBXGTAR) {
    return {Kind::exception, static_cast<std::uint8_t>(error - MODBUS_ENOBASE)};
  }
  if (error >= EMBBADCRC && error <= EMBBADSLAVE) return {Kind::wrong_answer};
  return {Kind::disconnected};
}

std::string text(int error) {
  return std::generic_category().message(error);
}

bool is_serial(const config::ModbusUrl& url) {
  return url.kind == config::ModbusUrl::Kind::rtu;
}

}  // namespace

/// libmodbus's connection. Closed with its object.
struct Bus::Context {
  explicit Context(modbus_t* made) : handle(made) {}
  ~Context() {
    if (handle == nullptr) return;
    modbus_close(handle);
    modbus_free(handle);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  int fd() const { return modbus_get_socket(handle); }

  modbus_t* const handle;
};

Bus::Bus(config::ModbusUrl url, std::chrono::microseconds timeout)
    : url_(std::move(url)), timeout_(timeout), resolver_(url_.host, url_.port) {}

Bus::~Bus() = default;

std::string Bus::connect() {
  return is_serial(url_) ? connect_serial() : connect_socket();
}

std::string Bus::connect_serial() {
  auto context = std::make_unique<Context>(modbus_new_rtu(url_.path.c_str(), url_.baud, url_.parity, 8, url_.stop));
  if (context->handle == nullptr) return text(errno);
  if (modbus_connect(context->handle) != 0) return text(errno);
  if (context->fd() >= FD_SETSIZE) return "more than 1023 files are open";
  last_frame_ = Clock::now();
  return adopt(std::move(context));
}

std::string Bus::connect_socket() {
  const SteadyTime deadline = Clock::now() + timeout_;
  const Resolved resolved = resolver_.resolve(deadline, interrupted_);
  if (!resolved.error.empty()) return resolved.error;
  Connected made = connect_tcp(resolved.addresses, deadline, interrupted_);
  if (!made.error.empty()) return made.error;
  // The address is not used: the socket is connected already.
  auto context = std::make_unique<Context>(modbus_new_tcp(nullptr, url_.port));
  if (context->handle == nullptr) return text(errno);
  modbus_set_socket(context->handle, made.socket.release());
  return adopt(std::move(context));
}

std::string Bus::adopt(std::unique_ptr<Context> context) {
  modbus_set_error_recovery(context->handle, MODBUS_ERROR_RECOVERY_NONE);
  modbus_set_byte_timeout(context->handle, 0, 0);
  const std::lock_guard lock(mutex_);
  if (interrupted_) return text(ECANCELED);
  context_ = std::move(context);
  return "";
}

bool Bus::in_step() const {
  return connected() && (is_serial(url_) || quiet(context_->fd()));
}

void Bus::close() {
  const std::lock_guard lock(mutex_);
  context_.reset();
}

void Bus::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (context_ && !is_serial(url_)) shutdown(context_->fd(), SHUT_RDWR);
}

void Bus::set_timeout(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
  const auto us = std::max<std::int64_t>(left.count(), 1'000);
  modbus_set_response_timeout(context_->handle, static_cast<std::uint32_t>(us / 1'000'000),
                              static_cast<std::uint32_t>(us % 1'000'000));
}

Outcome Bus::read(int unit, const Request& request, std::span<std::uint16_t> values) {
  if (!context_) return {Kind::disconnected};
  if (modbus_set_slave(context_->handle, unit) != 0) return {Kind::illegal_unit};
  return is_serial(url_) ? read_line(unit, request, values) : read_socket(request, values);
}

Outcome Bus::read_socket(const Request& request, std::span<std::uint16_t> values) {
  set_timeout(Clock::now() + timeout_);
  int got = -1;
  if (is_bits(request.table)) {
    std::array<std::uint8_t, MODBUS_MAX_READ_BITS> bits{};
    const auto call = request.table == config::Table::coil ? modbus_read_bits : modbus_read_input_bits;
    got = call(context_->handle, request.address, request.count, bits.data());
    if (got == request.count) std::copy_n(bits.begin(), request.count, values.begin());
  } else {
    const auto call = request.table == config::Table::holding ? modbus_read_registers : modbus_read_input_registers;
    got = call(context_->handle, request.address, request.count, values.data());
  }
  if (got < 0) return failure(errno);
  return {got == request.count ? Kind::answered : Kind::wrong_answer};
}

// In two steps, because nothing ends a wait for a serial line from outside.
Outcome Bus::read_line(int unit, const Request& request, std::span<std::uint16_t> values) {
  keep_silence();
  modbus_flush(context_->handle);  // what came after the last answer belongs to no request
  std::array<std::uint8_t, 6> frame{static_cast<std::uint8_t>(unit),
                                    function(request.table),
                                    static_cast<std::uint8_t>(request.address >> 8),
                                    static_cast<std::uint8_t>(request.address & 0xff),
                                    static_cast<std::uint8_t>(request.count >> 8),
                                    static_cast<std::uint8_t>(request.count & 0xff)};
  if (modbus_send_raw_request(context_->handle, frame.data(), frame.size()) < 0) return failure(errno);
  const Outcome outcome = receive_line(unit, request, values);
  last_frame_ = Clock::now();
  if (outcome.kind == Kind::timeout) fall_silent(std::min(timeout_, longest_quiet));
  if (outcome.kind == Kind::wrong_answer) fall_silent(gap);
  return outcome;
}

Outcome Bus::receive_line(int unit, const Request& request, std::span<std::uint16_t> values) {
  const SteadyTime deadline = Clock::now() + timeout_;
  switch (wait_for(context_->fd(), POLLIN, deadline, interrupted_)) {
    case Wait::timeout:
      return {Kind::timeout};
    case Wait::stopped:
      return {Kind::disconnected};
    case Wait::ready:
      break;
  }
  set_timeout(deadline);
  std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> answer{};
  const int length = modbus_receive_confirmation(context_->handle, answer.data());
  if (length < 0) return failure(errno);
  constexpr int overhead = 3;  // the unit in front, two bytes of CRC behind
  // libmodbus gives the length 0 to a frame of another unit.
  if (length <= overhead || answer[0] != unit) return {Kind::wrong_answer};
  const std::span<const std::uint8_t> frame{answer};
  return parse_answer(function(request.table), frame.subspan(1, static_cast<std::size_t>(length - overhead)),
                      values.first(request.count));
}

void Bus::keep_silence() const {
  std::this_thread::sleep_until(last_frame_ + silence(url_.baud));
}

// A frame on a serial line does not say which request it answers. What is still to come is thrown away until a late
// answer has come and gone, or it is too late for one.
void Bus::fall_silent(std::chrono::microseconds at_most) {
  const int fd = context_->fd();
  const SteadyTime end = Clock::now() + at_most;
  SteadyTime deadline = end;
  while (wait_for(fd, POLLIN, deadline, interrupted_) == Wait::ready) {
    if (modbus_flush(context_->handle) < 0) return;
    deadline = std::min(end, Clock::now() + gap);
  }
  last_frame_ = Clock::now();
}

}  // namespace fieldpost::drivers::modbus
