#include "agent/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "config/register.h"

namespace fieldpost {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::steady_clock::time_point;

constexpr std::size_t max_answer = 16U << 20;  // a thousand devices are some 300 KB

class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }

  bool wait(short events, Time deadline) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{fd_, events, 0};
    return left.count() > 0 && ::poll(&entry, 1, static_cast<int>(left.count())) > 0;
  }

 private:
  int fd_;
};

Answer timed_out() {
  return {Answer::Kind::timed_out, "the agent does not answer"};
}
Answer broken(const std::string& path, int error) {
  return {Answer::Kind::failed, path + ": " + std::strerror(error)};
}

// Nothing: connected.
std::optional<Answer> connect(const Socket& socket, const std::string& path, Time deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return broken(path, ENAMETOOLONG);
  path.copy(address.sun_path, path.size());
  // A unix socket whose queue of connections is full says EAGAIN at once instead of waiting (connect(2)).
  while (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return Answer{Answer::Kind::not_running, "no agent runs"};
    if (errno == EACCES || errno == EPERM) {
      return Answer{Answer::Kind::permission_denied, path + ": permission denied; be root or of the socket's group"};
    }
    if (errno != EAGAIN && errno != EINTR) return broken(path, errno);
    if (std::chrono::steady_clock::now() >= deadline) return timed_out();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return std::nullopt;
}

std::optional<Answer> send(const Socket& socket, const std::string& path, std::string_view line, Time deadline) {
  while (!line.empty()) {
    const auto sent = ::send(socket.fd(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return broken(path, errno);
    } else if (!socket.wait(POLLOUT, deadline)) {
      return timed_out();
    }
  }
  return std::nullopt;
}

Answer receive(const Socket& socket, const std::string& path, Time deadline) {
  std::string line;
  std::array<char, 16384> buffer{};
  while (line.size() < max_answer) {
    const auto got = ::recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      line.append(buffer.data(), static_cast<std::size_t>(got));
      if (line.back() != '\n') continue;
      line.pop_back();
      return {Answer::Kind::answered, std::move(line)};
    }
    if (got == 0) return {Answer::Kind::failed, "the agent closed the connection"};
    if (errno != EAGAIN && errno != EINTR) return broken(path, errno);
    if (!socket.wait(POLLIN, deadline)) return timed_out();
  }
  return {Answer::Kind::failed, "the agent's answer is too long"};
}

/// False: no member of a request.
bool take(Request& request, const std::string& key, const Json& value) {
  if (key == "verb" && value.is_string()) {
    request.verb = value.get<std::string>();
  } else if (key == "device" && value.is_string()) {
    request.read.device = value.get<std::string>();
  } else if (key == "unit" && value.is_number_unsigned() && value.get<std::uint64_t>() <= 255) {
    request.read.unit = value.get<int>();
  } else if (key == "raw" && value.is_string()) {
    const auto run = config::parse_run(value.get<std::string>());
    if (!std::holds_alternative<config::RegisterRange>(run)) return false;
    request.read.raw = std::get<config::RegisterRange>(run);
  } else if (key == "points" && value.is_array()) {
    if (!std::all_of(value.begin(), value.end(), [](const Json& point) { return point.is_string(); })) return false;
    request.read.points = value.get<std::vector<std::string>>();
  } else if (key == "lane" && (value == "alarm" || value == "telemetry")) {
    request.order.lane = value == "alarm" ? Lane::alarm : Lane::telemetry;
  } else if (key == "before" && value.is_number_integer()) {
    request.order.before = value.get<std::int64_t>();
  } else if (key == "rejected" && value.is_boolean()) {
    request.order.rejected = value.get<bool>();
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string to_json(const Request& request) {
  Json json{{"verb", request.verb}};
  if (request.verb == "purge") {
    if (request.order.lane) json["lane"] = *request.order.lane == Lane::alarm ? "alarm" : "telemetry";
    if (request.order.before) json["before"] = *request.order.before;
    json["rejected"] = request.order.rejected;
  } else {
    json["device"] = request.read.device;
    json["points"] = request.read.points;
    if (request.read.unit) json["unit"] = *request.read.unit;
    if (const auto& raw = request.read.raw) json["raw"] = config::to_text(*raw);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Request> parse_request(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Request request;
  for (const auto& [key, value] : json.items()) {
    if (!take(request, key, value)) return std::nullopt;
  }
  if (request.read.unit && !request.read.raw) return std::nullopt;
  const auto known = {"status", "read", "purge", "retry"};
  if (std::find(known.begin(), known.end(), request.verb) == known.end()) return std::nullopt;
  return request;
}

std::string error_json(const std::string& message) {
  return Json{{"error", message}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_json(const Purged& purged) {
  return Json{{"readings", purged.readings}, {"batches", purged.batches}}.dump();
}

Purged parse_purged(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const auto member = [&](const char* name) { return json.is_object() ? json.value(name, Json()) : Json(); };
  if (const Json error = member("error"); error.is_string()) throw std::runtime_error(error.get<std::string>());
  const Json readings = member("readings");
  const Json batches = member("batches");
  if (!readings.is_number_unsigned() || !batches.is_number_unsigned()) {
    throw std::runtime_error("the agent's answer says nothing");
  }
  return {readings.get<std::uint64_t>(), batches.get<std::uint64_t>()};
}

std::string control_path(const std::string& database) {
  return database + ".sock";
}

Answer ask(const std::string& path, const Request& request, std::chrono::milliseconds at_most) {
  const Time deadline = std::chrono::steady_clock::now() + at_most;
  const Socket socket;
  if (socket.fd() < 0) return broken(path, errno);
  if (auto failure = connect(socket, path, deadline)) return *failure;
  if (auto failure = send(socket, path, to_json(request) + "\n", deadline)) return *failure;
  return receive(socket, path, deadline);
}

}  // namespace fieldpost
