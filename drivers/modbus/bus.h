// One connection to Modbus equipment: Modbus over TCP, a serial line (RTU), or a serial line's frames over TCP.
//
// fieldpost frames Modbus itself (frame.h), because no library does for all three what this must: match answers by
// unit and transaction, be ended at any time, and take any number of descriptors.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/modbus/answer.h"
#include "drivers/modbus/frame.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/unanswered.h"
#include "drivers/net/port.h"
#include "drivers/net/resolve.h"

namespace fieldpost::drivers::modbus {

/// One thread, interrupt() aside.
class Bus {
 public:
  explicit Bus(const config::ModbusLink& link);
  ~Bus() { close(); }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Takes at most the time-out. Why not, in words; empty: connected.
  std::string connect();
  bool connected() const { return port_.open(); }
  /// The far side has neither closed the connection nor sent anything but answers that are late. Reads what has come.
  bool in_step();
  void close();

  /// Fills `values`, one for each register or bit of the request. On a serial line the time that the frames take is
  /// not counted to the time-out. Frames of a serial line do not say which request they answer: after a failure the
  /// line has been listened to for a late answer, and where that may still come a request whose answer would look like
  /// it goes out behind another one, whose answer does not.
  Outcome read(int unit, const Request& request, std::span<std::uint16_t> values);

  /// To be closed: what came is no answer (TCP), or the far side seems to have gone: its kernel has not confirmed a
  /// request that timed out, or three in a row got no answer. Never true of a serial line.
  bool spent() const;

  /// Waits; false: interrupted.
  bool rest(SteadyTime until);

  /// Any thread: ends what goes on at once, and lets nothing begin again.
  void interrupt() { interrupt_.raise(); }

 private:
  bool serial() const { return link_.url.kind == config::ModbusUrl::Kind::rtu; }
  bool by_transaction() const { return link_.url.kind == config::ModbusUrl::Kind::tcp; }
  std::string connect_socket();
  Found find(const Frame& frame);
  Found find_on_line(const Frame& frame);
  Found drop_late(std::size_t front = 0, const Frame* asked = nullptr);
  Outcome read_tcp(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values);
  Outcome read_rtu(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values);
  Outcome ask_line(std::uint8_t unit, const Request& request, std::span<std::uint16_t> values);
  Outcome overtake(std::uint8_t unit, const Request& request);
  Outcome exchange(const Frame& frame, const Request& request, SteadyTime deadline, std::span<std::uint16_t> values);
  Outcome nothing_more() const;
  void count(const Outcome& outcome);
  void consume(std::size_t bytes, std::size_t from = 0);
  void fall_silent(SteadyTime end, bool frame_came);

  config::ModbusLink link_;  // without its devices
  Interrupt interrupt_;
  Resolver resolver_;
  Port port_;
  std::vector<std::uint8_t> received_;
  std::uint16_t transaction_ = 0;  // the last request's
  std::uint16_t sent_ = 0;         // requests on this connection
  Found::Kind seen_ = Found::Kind::incomplete;
  int missed_ = 0;         // requests since the last answer in time, late answers taken off
  Unanswered unanswered_;  // on a line, or its frames over TCP
  bool out_of_step_ = false;
  bool unconfirmed_ = false;
  SteadyTime last_frame_;  // on a serial line
};

}  // namespace fieldpost::drivers::modbus
