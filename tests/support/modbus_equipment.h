// What simulated Modbus equipment holds and how it misbehaves. The servers in modbus_server.h put it on a wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "config/device_map.h"

namespace fieldpost::support {

struct ServedRequest {
  std::chrono::steady_clock::time_point time;
  int unit = 0;
  int function = 0;
  int address = 0;
  int count = 0;
};

/// Any thread. A unit exists as soon as one of its registers is set; its other registers hold 0. A unit that does not
/// exist does not answer. A function that writes ends the process: fieldpost only reads.
class Equipment {
 public:
  void set(int unit, config::Table table, int address, const std::vector<std::uint16_t>& values);

  /// No answers, as if it hung; over TCP connections are still accepted.
  void set_silent(bool silent);
  void set_unit_silent(int unit, bool silent);
  void set_delay(std::chrono::milliseconds delay);
  /// Between two bytes of an answer.
  void set_drip(std::chrono::milliseconds gap);
  /// Requests that touch one of these addresses get the exception.
  void refuse(config::Table table, int from, int to, std::uint8_t exception);
  void refuse_nothing();
  /// Changes answers as they stand on the wire, on the server's thread.
  void set_mangle(std::function<std::string(std::string frame)> mangle);

  std::vector<ServedRequest> requests() const;
  std::size_t request_count() const;

  /// For the servers: the answer's PDU; nothing where there is to be none.
  std::optional<std::string> answer(int unit, const std::string& pdu);
  std::string mangled(std::string frame) const;
  std::chrono::milliseconds delay() const;
  std::chrono::milliseconds drip() const;

 private:
  struct Refusal {
    config::Table table;
    int from;
    int to;
    std::uint8_t exception;
  };

  std::uint16_t value(int unit, config::Table table, int address) const;
  std::string data(int unit, config::Table table, int address, int count) const;

  mutable std::mutex mutex_;
  std::set<int> units_;
  std::map<std::tuple<int, config::Table, int>, std::uint16_t> values_;
  std::vector<Refusal> refusals_;
  bool silent_ = false;
  std::set<int> silent_units_;
  std::chrono::milliseconds delay_{0};
  std::chrono::milliseconds drip_{0};
  std::function<std::string(std::string)> mangle_;
  std::vector<ServedRequest> requests_;
};

}  // namespace fieldpost::support
