#include "drivers/modbus/bus.h"

#include <algorithm>
#include <utility>

#include "drivers/modbus/serial.h"
#include "drivers/net/socket.h"

namespace fieldpost::drivers::modbus {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Outcome::Kind;
using namespace std::chrono_literals;

/// How long is waited for a late answer at most.
constexpr std::chrono::microseconds longest_late = 1s;

/// Ends a frame: on a serial line also behind a USB adapter that collects for 16 ms, over TCP behind a gateway that
/// sends it in pieces.
std::chrono::microseconds gap(const config::ModbusUrl& url) {
  if (url.kind == config::ModbusUrl::Kind::rtu_tcp) return 100ms;
  return std::max<std::chrono::microseconds>(20ms, silence(url.baud));
}

config::ModbusLink without_devices(config::ModbusLink link) {
  link.devices.clear();
  return link;
}

}  // namespace

Bus::Bus(const config::ModbusLink& link) : link_(without_devices(link)), resolver_(link_.url.host, link_.url.port) {}

std::string Bus::connect() {
  close();
  received_.clear();
  sent_ = 0;
  missed_ = 0;
  out_of_step_ = false;
  unconfirmed_ = false;
  last_frame_ = Clock::now();
  if (!serial()) return connect_socket();
  OpenedLine opened = open_serial(link_);
  port_ = Port{std::move(opened.line), Port::Kind::serial};
  return opened.error;
}

std::string Bus::connect_socket() {
  const SteadyTime deadline = Clock::now() + link_.timeout;
  const Resolved resolved = resolver_.resolve(deadline, interrupt_);
  if (!resolved.error.empty()) return resolved.error;
  Connected made = connect_tcp(resolved.addresses, deadline, interrupt_);
  port_ = Port{std::move(made.socket), Port::Kind::socket};
  return made.error;
}

void Bus::close() {
  if (serial() && connected()) release_serial(port_.fd());
  port_ = Port{};
}

bool Bus::spent() const {
  constexpr int most_missed = 3;
  return !serial() && (out_of_step_ || unconfirmed_ || missed_ >= most_missed);
}

bool Bus::rest(SteadyTime until) {
  return until <= Clock::now() ? !interrupt_.raised() : wait_for(-1, 0, until, interrupt_) == Wait::timeout;
}

bool Bus::in_step() {
  if (!connected()) return false;
  const Io io = port_.take(received_);
  if (io == Io::closed) return false;
  if (!by_transaction()) {
    drop_late();
    received_.clear();  // it belongs to no request
    return true;
  }
  if (received_.empty()) return true;
  // The last request is over: an answer to it is late, too.
  const Frame next = tcp_frame(static_cast<std::uint16_t>(transaction_ + 1), 0, {});
  for (;;) {
    const Found found = find_tcp(received_, next, sent_);
    // An answer that has begun before its request went out is none.
    if (found.kind == Found::Kind::incomplete) {
      return received_.size() < 2 || received_[0] != next.data[0] || received_[1] != next.data[1];
    }
    if (found.kind != Found::Kind::late) return false;
    consume(found.end);
    missed_ = std::max(missed_ - 1, 0);
  }
}

Outcome Bus::read(int unit, const Request& request, std::span<std::uint16_t> values) {
  if (!connected()) return {Kind::disconnected};
  const bool exists = by_transaction() ? unit >= 0 && unit <= 255 : unit >= 1 && unit <= 247;
  if (!exists) return {Kind::illegal_unit};
  const auto to = static_cast<std::uint8_t>(unit);
  const Outcome outcome = by_transaction() ? read_tcp(to, request, values) : read_rtu(to, request, values);
  count(outcome);
  return outcome;
}

void Bus::count(const Outcome& outcome) {
  if (spoke(outcome)) missed_ = 0;
  if (outcome.kind == Kind::timeout || outcome.kind == Kind::wrong_answer) ++missed_;
  if (outcome.kind == Kind::wrong_answer && by_transaction()) out_of_step_ = true;
  if (outcome.kind == Kind::timeout && !serial()) unconfirmed_ = unconfirmed(port_.fd());
}

Outcome Bus::read_tcp(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values) {
  constexpr std::uint16_t most = 0x7fff;  // half of the numbers are older, half are yet to come
  const Frame frame = tcp_frame(++transaction_, unit, request);
  const Outcome outcome = exchange(frame, request, Clock::now() + link_.timeout, values);
  if (sent_ < most) ++sent_;
  return outcome;
}

Outcome Bus::read_rtu(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values) {
  unanswered_.expire(Clock::now());
  if (unanswered_.ambiguous(rtu_frame(unit, request))) {
    if (const Outcome outcome = overtake(unit, request); outcome.kind != Kind::answered) return outcome;
  }
  return ask_line(unit, request, values);
}

/// Answered: the request's answer cannot be mistaken any more.
Outcome Bus::overtake(std::uint8_t unit, const Request& request) {
  const std::optional<Request> fence = unanswered_.fence(unit, request);
  if (!fence) return {Kind::timeout};
  std::vector<std::uint16_t> values(fence->count);
  const Outcome outcome = ask_line(unit, *fence, values);
  if (!spoke(outcome)) return outcome;
  return {unanswered_.ambiguous(rtu_frame(unit, request)) ? Kind::timeout : Kind::answered};
}

Outcome Bus::ask_line(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values) {
  if (serial() && !rest(last_frame_ + silence(link_.url.baud))) return {Kind::disconnected};
  if (!in_step()) return {Kind::disconnected};
  const auto on_the_line = bus_time(request, link_.url);
  const SteadyTime deadline = Clock::now() + on_the_line + link_.timeout;
  const Frame frame = rtu_frame(unit, request);
  unanswered_.sent(frame, Clock::now());
  const Outcome outcome = exchange(frame, request, deadline, values);
  if (spoke(outcome)) unanswered_.answered(frame, outcome.kind == Kind::exception);
  last_frame_ = Clock::now();
  const bool came = seen_ == Found::Kind::broken;
  if (outcome.kind == Kind::timeout || seen_ == Found::Kind::incomplete) {
    fall_silent(last_frame_ + on_the_line + std::min(link_.timeout, longest_late), false);
  } else if (outcome.kind == Kind::wrong_answer) {
    fall_silent(std::max(deadline, last_frame_ + gap(link_.url)), came);
  }
  received_.clear();
  return outcome;
}

Found Bus::find(const Frame& frame) {
  return by_transaction() ? find_tcp(received_, frame, sent_) : find_on_line(frame);
}

// A late answer stands in front of the one that is waited for, and behind the echo of its request.
Found Bus::find_on_line(const Frame& frame) {
  const std::size_t front = link_.echo ? frame.size : 0;
  const Found late = drop_late(front, &frame);
  const Found found = find_rtu(received_, frame, link_.echo);
  const bool other = found.kind == Found::Kind::foreign || found.kind == Found::Kind::broken;
  return other && late.kind == Found::Kind::incomplete && received_.size() > front ? late : found;
}

/// Of what stands behind the first so many bytes. Incomplete: one more may have begun.
Found Bus::drop_late(std::size_t front, const Frame* asked) {
  for (;;) {
    const auto rest = std::span<const std::uint8_t>(received_).subspan(std::min(front, received_.size()));
    const Found found = unanswered_.take_late(rest, asked);
    if (found.kind != Found::Kind::late) return found;
    consume(found.end, front);
    missed_ = std::max(missed_ - 1, 0);
  }
}

Outcome Bus::exchange(const Frame& frame, const Request& request, SteadyTime deadline,
                      std::span<std::uint16_t> values) {
  seen_ = Found::Kind::incomplete;
  Io io = port_.send(frame.bytes(), deadline, interrupt_);
  for (;;) {
    if (io == Io::nothing) return nothing_more();
    if (io != Io::done) return {Kind::disconnected};
    const Found found = find(frame);
    seen_ = found.kind;
    if (found.kind == Found::Kind::incomplete) {
      io = port_.receive(received_, deadline, interrupt_);
    } else if (found.kind == Found::Kind::late) {
      consume(found.end);
      missed_ = std::max(missed_ - 1, 0);
    } else if (found.kind == Found::Kind::answer) {
      const Outcome outcome = parse_answer(function(request.table), found.pdu, values);
      consume(found.end);
      return outcome;
    } else {
      return {Kind::wrong_answer, 0, found.kind == Found::Kind::echo};
    }
  }
}

// Over TCP the rest of an answer that began can still come, as a late one. On a line it cannot.
Outcome Bus::nothing_more() const {
  const std::size_t echoed = link_.echo ? 8 : 0;
  const bool came = !by_transaction() && received_.size() > echoed;
  return {came ? Kind::wrong_answer : Kind::timeout};
}

void Bus::consume(std::size_t bytes, std::size_t from) {
  const auto first = received_.begin() + static_cast<std::ptrdiff_t>(from);
  received_.erase(first, first + static_cast<std::ptrdiff_t>(bytes));
}

// What comes is thrown away, until the end, or until a whole frame has come and the line is quiet.
void Bus::fall_silent(SteadyTime end, bool frame_came) {
  constexpr std::size_t most = 512;  // twice the longest frame
  std::size_t came = frame_came ? shortest_rtu_frame : 0;
  Io io = Io::done;
  while (io == Io::done) {
    drop_late();
    if (received_.size() > most) received_.clear();
    const bool over = came >= shortest_rtu_frame;
    const std::size_t before = received_.size();
    io = port_.receive(received_, over ? std::min(end, Clock::now() + gap(link_.url)) : end, interrupt_);
    came += received_.size() - before;
  }
  last_frame_ = Clock::now();
}

}  // namespace fieldpost::drivers::modbus
