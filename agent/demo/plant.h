// Simulated pumps behind a real Modbus TCP server.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace fieldpost::demo {

/// Each pump is a unit id of its own and counts the polls that it has answered in its first two registers, so that
/// every answer can be looked for at the far end. Holding registers only; other functions are refused.
class Plant {
 public:
  /// Listens on a free port of 127.0.0.1. Throws std::runtime_error.
  Plant();
  ~Plant();
  Plant(const Plant&) = delete;
  Plant& operator=(const Plant&) = delete;

  std::uint16_t port() const { return port_; }
  /// Names of the pumps; the first has unit id 1.
  static const std::vector<std::string>& pumps();
  /// The device map of a pump, as an operator would write it.
  static std::string device_map();

  /// Closes every connection between two answers.
  void stop();
  /// After stop(): how many polls each pump has answered.
  std::map<std::string, std::uint64_t> answered() const;

 private:
  struct Server;
  void serve();
  /// False: the client has closed.
  bool receive(int client, std::string& received);
  std::string answer_to(const std::string& request);

  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::map<std::string, std::uint64_t> answered_;  // the server's thread
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace fieldpost::demo
