// The agent's socket: a unix stream socket beside the database, by which the command line asks the running agent.
// A connection carries one request, a line of JSON, and its answer, a line of JSON, and is closed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/queue.h"
#include "drivers/modbus/device_reading.h"

namespace fieldpost {

struct Request {
  std::string verb;           // status | read | purge | retry
  drivers::ReadOrder read{};  // read
  PurgeOrder order{};         // purge
};

std::string to_json(const Request& request);
/// Nothing: that is no request.
std::optional<Request> parse_request(std::string_view line);
/// `{"error":"…"}`
std::string error_json(const std::string& message);

/// The answer to purge and retry: `{"readings":20,"batches":1}`.
std::string to_json(const Purged& purged);
/// Throws std::runtime_error with the error that stands there instead.
Purged parse_purged(std::string_view line);

/// Where the socket of the agent with this database stands.
std::string control_path(const std::string& database);

/// Serves on one thread of its own; what takes long runs on up to two more. Whatever a client does, it costs at most 8
/// connections of 64 KiB for 5 s each and 20 requests a second, and never a wait of another part of the agent.
class ControlServer {
 public:
  /// Called on the server's thread for `status`, on a thread of its own for the others, which may take some seconds.
  using Handler = std::function<std::string(const Request&)>;

  /// Only the holder of the queue's lock may make one: it takes away a stale socket. A path where no socket can be made
  /// is tried again every 5 s.
  ControlServer(std::string path, Handler handler);
  /// Waits for the requests in hand, so stop what they wait for first.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Why there is no socket now; empty: there is one. Any thread.
  std::string error() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct Answer {
  enum class Kind { answered, not_running, permission_denied, timed_out, failed };
  Kind kind = Kind::failed;
  std::string text;  // the line without its end; of all but `answered`, what is wrong in words
};

/// Asks the agent that serves `path`.
Answer ask(const std::string& path, const Request& request, std::chrono::milliseconds at_most);

}  // namespace fieldpost
