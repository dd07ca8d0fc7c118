#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "agent/control.h"
#include "buffer/thread_name.h"

namespace fieldpost {
namespace {

using std::chrono::steady_clock;
using Time = steady_clock::time_point;

constexpr std::size_t max_connections = 8;
constexpr std::size_t max_request = 64U << 10;
constexpr std::size_t max_work = 2;
constexpr double max_rate = 20;  // requests a second, over all connections
constexpr std::chrono::seconds patience{5};
constexpr std::chrono::milliseconds breather{200};  // without new connections, after a request too many

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Listening {
  Descriptor socket;
  std::string error;
};

Listening refused(const std::string& path, int error) {
  return {Descriptor(), path + ": " + std::strerror(error)};
}

Listening listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return refused(path, ENAMETOOLONG);
  path.copy(address.sun_path, path.size());
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return {Descriptor(), path + ": something that is no socket is in the way"};
    ::unlink(path.c_str());
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A socket takes its file's mode from its own at bind(), so it is never wider than 0660, not for a moment.
  if (!socket.open() || ::fchmod(socket.get(), 0660) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0660) != 0 || ::listen(socket.get(), static_cast<int>(max_connections)) != 0) {
    return refused(path, errno);
  }
  return {std::move(socket), ""};
}

/// A bucket of max_rate requests that fills again in a second.
class RateLimit {
 public:
  bool take(Time now) {
    left_ = std::min(max_rate, left_ + max_rate * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    if (left_ < 1) return false;
    --left_;
    return true;
  }

 private:
  double left_ = max_rate;
  Time last_ = steady_clock::now();
};

struct Connection {
  explicit Connection(Descriptor accepted) : socket(std::move(accepted)) {}

  Descriptor socket;
  Time deadline = steady_clock::now() + patience;
  std::string in;
  std::string out;
  std::size_t sent = 0;  // of out
  bool answered = false;
  bool done = false;
  std::thread work;         // what takes long
  bool work_ended = false;  // under Impl::mutex_
  std::string work_answer;  // under Impl::mutex_
};

}  // namespace

class ControlServer::Impl {
 public:
  Impl(std::string path, Handler handler)
      : path_(std::move(path)), handler_(std::move(handler)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    listen();
    thread_ = std::thread([this] { serve(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake();
    thread_.join();
    for (auto& connection : connections_) {
      if (connection.work.joinable()) connection.work.join();
    }
    if (listener_.open()) ::unlink(path_.c_str());
  }

  std::string error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }

  void listen() {
    Listening listening = listen_at(path_);
    listener_ = std::move(listening.socket);
    const std::lock_guard lock(mutex_);
    error_ = std::move(listening.error);
  }

  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stop_;
  }

  void serve() {
    name_thread("control");
    while (!stopping()) {
      wait();
      if (!listener_.open()) {
        if (steady_clock::now() >= next_listen_) {
          next_listen_ = steady_clock::now() + patience;
          listen();
        }
      } else if (accepting()) {
        accept();
      }
      for (auto& connection : connections_)
        advance(connection);
      connections_.remove_if([](const Connection& connection) { return connection.done; });
    }
  }

  void wait() {
    std::array<pollfd, max_connections + 2> entries{};
    std::size_t used = 0;
    const auto add = [&](int fd, short events) { entries[used++] = {fd, events, 0}; };
    add(wake_.get(), POLLIN);
    // When all connections are taken the others wait in the kernel.
    if (accepting()) add(listener_.get(), POLLIN);
    for (const auto& connection : connections_) {
      if (connection.work.joinable()) continue;
      add(connection.socket.get(), connection.answered ? POLLOUT : POLLIN);
    }
    const bool quiet = connections_.empty() && accepting();
    ::poll(entries.data(), used, quiet ? -1 : static_cast<int>(breather.count()));
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  }

  bool accepting() const {
    return listener_.open() && connections_.size() < max_connections && steady_clock::now() >= accept_from_;
  }

  void accept() {
    while (connections_.size() < max_connections) {
      Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.open()) return;
      connections_.emplace_back(std::move(socket));
    }
  }

  void advance(Connection& connection) {
    if (connection.work.joinable()) {
      collect(connection);
    } else if (!connection.answered) {
      receive(connection);
    }
    if (connection.answered && !connection.done) send(connection);
    if (!connection.work.joinable() && steady_clock::now() >= connection.deadline) connection.done = true;
  }

  void receive(Connection& connection) {
    std::array<char, 4096> buffer{};
    const auto got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      connection.done = true;
      return;
    }
    connection.in.append(buffer.data(), static_cast<std::size_t>(got));
    const auto end = connection.in.find('\n');
    if (end != std::string::npos) {
      handle(connection, connection.in.substr(0, end));
    } else if (connection.in.size() > max_request) {
      answer(connection, error_json("a request has at most 64 KiB"));
    }
  }

  void handle(Connection& connection, const std::string& line) {
    if (!rate_.take(steady_clock::now())) {
      accept_from_ = steady_clock::now() + breather;
      return answer(connection, error_json("more than 20 requests a second: ask again in a second"));
    }
    const auto request = parse_request(line);
    if (!request) return answer(connection, error_json("no request that this version knows"));
    if (request->verb == "status") return answer(connection, handler_(*request));
    const auto working = std::count_if(connections_.begin(), connections_.end(),
                                       [](const Connection& other) { return other.work.joinable(); });
    if (static_cast<std::size_t>(working) >= max_work) {
      return answer(connection, error_json("two requests are in hand: ask again when they have ended"));
    }
    // connections_ is a list, and a connection stays in it while its work runs: the reference holds.
    connection.work = std::thread([this, &connection, request = *request] {
      std::string text = handler_(request);
      const std::lock_guard lock(mutex_);
      connection.work_answer = std::move(text);
      connection.work_ended = true;
      wake();
    });
  }

  void collect(Connection& connection) {
    {
      const std::lock_guard lock(mutex_);
      if (!connection.work_ended) return;
    }
    connection.work.join();
    answer(connection, std::move(connection.work_answer));
  }

  static void answer(Connection& connection, std::string text) {
    connection.out = std::move(text) + "\n";
    connection.answered = true;
    connection.deadline = steady_clock::now() + patience;
  }

  static void send(Connection& connection) {
    const std::string_view left = std::string_view(connection.out).substr(connection.sent);
    const auto sent = ::send(connection.socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
    if (sent < 0 || connection.sent == connection.out.size()) connection.done = true;
  }

  const std::string path_;
  const Handler handler_;
  const Descriptor wake_;
  Descriptor listener_;
  Time next_listen_ = steady_clock::now() + patience;
  Time accept_from_;
  RateLimit rate_;
  std::list<Connection> connections_;  // the server's thread
  mutable std::mutex mutex_;
  std::string error_;
  bool stop_ = false;
  std::thread thread_;
};

ControlServer::ControlServer(std::string path, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(path), std::move(handler))) {}

ControlServer::~ControlServer() = default;

std::string ControlServer::error() const {
  return impl_->error();
}

}  // namespace fieldpost
