// Modbus servers on real sockets and on a pseudo terminal. The framing is their own, so that client and server do not
// share a mistake.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/modbus_equipment.h"
#include "tests/support/socket.h"

namespace fieldpost::support {

/// A connection or a line: what has come, and what is to go out when it is due.
class ModbusChannel {
 public:
  explicit ModbusChannel(Socket file) : file_(std::move(file)) {}

  int fd() const { return file_.fd(); }
  std::string& received() { return received_; }
  /// False: the far side has closed.
  bool receive();
  void send_later(const std::string& frame, std::chrono::milliseconds delay, std::chrono::milliseconds drip);
  /// Sends what is due; false: the connection is broken.
  bool send_due();
  /// Milliseconds, as poll() takes them; -1: nothing is to be sent.
  int next_due() const;

 private:
  struct Pending {
    std::chrono::steady_clock::time_point due;
    std::string bytes;
  };

  Socket file_;
  std::string received_;
  std::deque<Pending> pending_;
};

/// Many connections. Runs from its construction.
class ModbusTcpServer {
 public:
  enum class Frames { tcp, rtu };  // Modbus over TCP, or a serial line's frames over TCP

  /// `address` is 127.0.0.1 or ::1; the port is a free one. Throws std::system_error. The equipment outlives it.
  explicit ModbusTcpServer(Equipment& equipment, std::string address = "127.0.0.1", Frames frames = Frames::tcp);
  ~ModbusTcpServer();
  ModbusTcpServer(const ModbusTcpServer&) = delete;
  ModbusTcpServer& operator=(const ModbusTcpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const;

  /// Closes the port and every connection.
  void stop();
  /// On the same port as before.
  void start();
  /// Closes every connection; new ones are accepted.
  void cut() { cut_ = true; }
  void close_after_answer(bool on) { close_after_answer_ = on; }
  /// Closes what connects while there is a connection.
  void serve_one_client(bool on) { one_client_ = on; }
  /// Accepted since the beginning.
  std::size_t connections() const { return connections_; }

 private:
  void run();
  bool serve(ModbusChannel& channel, short events);
  void accept_one();
  bool answer_frames(ModbusChannel& channel);

  Equipment& equipment_;
  const std::string address_;
  const Frames frames_;
  const std::uint16_t port_;
  Socket listener_;
  std::list<ModbusChannel> channels_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> close_after_answer_ = false;
  std::atomic<bool> one_client_ = false;
  std::atomic<std::size_t> connections_ = 0;
  std::thread thread_;
};

/// A serial frame with its checksum behind it.
std::string with_crc(std::string frame);

/// A line, as the far end of a pseudo terminal. A pseudo terminal takes any baud rate but no parity.
class ModbusRtuServer {
 public:
  /// `path` will be a link to the terminal, as /dev/serial/by-id has them. Throws std::system_error.
  ModbusRtuServer(Equipment& equipment, std::string path);
  ~ModbusRtuServer();
  ModbusRtuServer(const ModbusRtuServer&) = delete;
  ModbusRtuServer& operator=(const ModbusRtuServer&) = delete;

  const std::string& path() const { return path_; }
  std::string url() const;
  /// Hands back what it receives, as a two-wire line whose adapter hears itself.
  void set_echo(bool on) { echo_ = on; }

  /// As a USB adapter is: the open terminal hangs up, the path is gone.
  void unplug();
  /// The path comes back, with another terminal behind it.
  void plug();

 private:
  void run();

  Equipment& equipment_;
  const std::string path_;
  std::atomic<bool> echo_ = false;
  Socket device_;  // held open, or the line would hang up each time the client closes it
  std::unique_ptr<ModbusChannel> channel_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fieldpost::support
