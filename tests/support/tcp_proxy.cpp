#include "tests/support/tcp_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/flow.h"
#include "tests/support/socket.h"

namespace fieldpost::support {
namespace {

using std::chrono::milliseconds;

enum class Mode { forward, cut, black_hole };

struct Link {
  milliseconds delay{0};
  unsigned held_of = 0;  // of so many answers one is held back; 0: none
  milliseconds held{0};
  unsigned answers = 0;
  Line up;
  Line down;
};

struct Connection {
  Socket near;
  Socket far;  // closed: half open
  Flow up;
  Flow down;
  bool holed = false;  // a black hole was here

  void reset() {
    near.reset();
    far.reset();
  }
};

bool broken(short events) {
  return (events & (POLLERR | POLLHUP | POLLNVAL)) != 0 && (events & POLLIN) == 0;
}

/// Reads and forgets; false: the sender has closed.
bool swallow(int fd) {
  std::array<char, 65536> buffer;
  return recv(fd, buffer.data(), buffer.size(), 0) > 0;
}

/// The events that matter to a connection now: near, far.
std::array<pollfd, 2> interest(const Connection& connection, Link& link, Mode mode, SteadyTime now) {
  if (mode == Mode::black_hole || !connection.far.open()) {
    return {pollfd{connection.near.fd(), POLLIN, 0}, pollfd{connection.far.fd(), POLLIN, 0}};
  }
  const auto events = [now](const Flow& in, const Line& in_line, const Flow& out, Line& out_line) {
    const std::optional<SteadyTime> due = out.next_due();
    const bool may_send = due && *due <= now && out_line.allowance(now) > 0;
    return static_cast<short>((in.takes_more(in_line) ? POLLIN : 0) | (may_send ? POLLOUT : 0));
  };
  return {pollfd{connection.near.fd(), events(connection.up, link.up, connection.down, link.down), 0},
          pollfd{connection.far.fd(), events(connection.down, link.down, connection.up, link.up), 0}};
}

milliseconds way_back(Link& link) {
  if (link.held_of == 0 || ++link.answers % link.held_of != 0) return link.delay;
  return link.delay + link.held;
}

/// Moves what can be moved; false: the connection has ended.
bool forward(Connection& connection, short near, short far, Link& link) {
  if (!connection.far.open()) return near == 0 || ((near & POLLIN) != 0 && swallow(connection.near.fd()));
  const SteadyTime now = std::chrono::steady_clock::now();
  if (broken(near) || broken(far)) return false;
  if ((near & POLLIN) != 0 && !connection.up.receive(connection.near.fd(), now + link.delay)) return false;
  if ((far & POLLIN) != 0 && !connection.down.receive(connection.far.fd(), now + way_back(link))) return false;
  if (!connection.up.deliver(connection.far.fd(), now, link.up)) return false;
  if (!connection.down.deliver(connection.near.fd(), now, link.down)) return false;
  return !(connection.up.finished() && connection.down.finished());
}

}  // namespace

class TcpProxy::Impl {
 public:
  Impl(std::uint16_t listen, std::uint16_t target)
      : port_(listen),
        target_(target),
        listener_(listen_on(listen)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { run(); }) {}

  ~Impl() {
    change([this] { stopping_ = true; });
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t port() const { return port_; }

  void change(const std::function<void()>& action) {
    const std::lock_guard lock(mutex_);
    action();
    ++generation_;
    eventfd_write(wake_.fd(), 1);
  }

  void set_delay(milliseconds one_way) {
    change([&] { link_.delay = one_way; });
  }

  void set_hold(unsigned of, milliseconds by) {
    change([&] {
      link_.held_of = of;
      link_.held = by;
    });
  }

  void set_rate(std::uint64_t rate) {
    change([&] {
      link_.up.set_rate(rate);
      link_.down.set_rate(rate);
    });
  }

  void cut() {
    change([this] {
      mode_ = Mode::cut;
      listener_.close();
      reset_if([](const Connection&) { return true; });
    });
  }

  void black_hole() {
    change([this] {
      mode_ = Mode::black_hole;
      for (Connection& connection : connections_)
        connection.holed = true;
    });
  }

  void half_open() {
    change([this] {
      for (Connection& connection : connections_)
        connection.far.reset();
    });
  }

  void resume() {
    change([this] {
      mode_ = Mode::forward;
      if (!listener_.open()) listener_ = listen_on(port_);
      reset_if([](const Connection& connection) { return connection.holed; });
    });
  }

  std::uint64_t accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }

  std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  void reset_if(const std::function<bool(const Connection&)>& condition) {
    for (Connection& connection : connections_) {
      if (condition(connection)) connection.reset();
    }
    std::erase_if(connections_, [](const Connection& connection) { return !connection.near.open(); });
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const SteadyTime now = std::chrono::steady_clock::now();
      std::vector<pollfd> fds{{wake_.fd(), POLLIN, 0}, {mode_ == Mode::forward ? listener_.fd() : -1, POLLIN, 0}};
      for (const Connection& connection : connections_) {
        for (const pollfd& side : interest(connection, link_, mode_, now))
          fds.push_back(side);
      }
      const timespec pause = time_to_next(now);
      const std::uint64_t seen = generation_;
      lock.unlock();
      ppoll(fds.data(), fds.size(), &pause, nullptr);
      lock.lock();
      eventfd_t ignored = 0;
      eventfd_read(wake_.fd(), &ignored);
      if (seen == generation_) handle(fds);  // else a connection that was polled may be gone
    }
  }

  /// Until bytes fall due, or the thin line has room again; else long.
  timespec time_to_next(SteadyTime now) const {
    using std::chrono::nanoseconds;
    nanoseconds pause = std::chrono::minutes{1};
    for (const Connection& connection : connections_) {
      if (mode_ != Mode::forward || !connection.far.open()) continue;
      for (const Flow* flow : {&connection.up, &connection.down}) {
        const std::optional<SteadyTime> due = flow->next_due();
        if (!due) continue;
        const bool thin = link_.up.rate() != 0;
        if (*due > now) {
          pause = std::min<nanoseconds>(pause, *due - now);
        } else if (thin) {
          pause = std::min<nanoseconds>(pause, milliseconds{5});
        }
      }
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(pause);
    return {seconds.count(), (pause - seconds).count()};
  }

  void handle(const std::vector<pollfd>& fds) {
    std::size_t at = 2;
    for (auto connection = connections_.begin(); connection != connections_.end(); at += 2) {
      const short near = fds[at].revents;
      const short far = fds[at + 1].revents;
      const bool alive =
          mode_ == Mode::black_hole ? lose(*connection, near, far) : forward(*connection, near, far, link_);
      connection = alive ? std::next(connection) : connections_.erase(connection);
    }
    if ((fds[1].revents & POLLIN) == 0) return;
    for (Socket client = accept_from(listener_); client.open(); client = accept_from(listener_)) {
      ++accepted_;
      Connection connection;
      connection.near = std::move(client);
      connection.far = connect_to(target_);
      if (connection.far.open()) connections_.push_back(std::move(connection));
    }
  }

  /// In the black hole. A far side that closes is not passed on; a near side that closes has nobody left to deceive.
  static bool lose(Connection& connection, short near, short far) {
    if (far != 0 && !((far & POLLIN) != 0 && swallow(connection.far.fd()))) connection.far.reset();
    return near == 0 || ((near & POLLIN) != 0 && swallow(connection.near.fd()));
  }

  const std::uint16_t port_;
  const std::uint16_t target_;
  mutable std::mutex mutex_;
  Socket listener_;
  Socket wake_;
  Link link_;
  Mode mode_ = Mode::forward;
  std::list<Connection> connections_;
  std::uint64_t accepted_ = 0;
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

TcpProxy::TcpProxy(std::uint16_t listen, std::uint16_t target) : impl_(std::make_unique<Impl>(listen, target)) {}
TcpProxy::~TcpProxy() = default;

std::uint16_t TcpProxy::port() const {
  return impl_->port();
}
void TcpProxy::delay(milliseconds one_way) {
  impl_->set_delay(one_way);
}
void TcpProxy::hold(unsigned of, milliseconds by) {
  impl_->set_hold(of, by);
}
void TcpProxy::throttle(std::uint64_t bytes_per_second) {
  impl_->set_rate(bytes_per_second);
}
void TcpProxy::cut() {
  impl_->cut();
}
void TcpProxy::black_hole() {
  impl_->black_hole();
}
void TcpProxy::half_open() {
  impl_->half_open();
}
void TcpProxy::resume() {
  impl_->resume();
}
std::uint64_t TcpProxy::accepted() const {
  return impl_->accepted();
}
std::size_t TcpProxy::open() const {
  return impl_->open();
}

}  // namespace fieldpost::support
