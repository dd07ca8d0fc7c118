#include "agent/forwarder/gate_line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/forwarder/broker_error.h"
#include "agent/forwarder/kafka_secrets.h"
#include "agent/forwarder/sasl_frames.h"
#include "agent/forwarder/scram.h"
#include "config/secret.h"

namespace fieldpost {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{15};     // for the whole login; librdkafka gives up before
constexpr std::chrono::milliseconds kLook{100};   // how often a wait looks whether all ends
constexpr std::chrono::milliseconds kRest{1000};  // the same, of one that librdkafka's closing ends as well
                                                  // how often a wait looks whether all ends
constexpr std::size_t kLongestFrame = 65536;
constexpr std::int16_t kUnsupportedMechanism = 33;  // of Kafka's error codes

/// What has been read on one side and not written to the other yet.
struct Stock {
  std::array<char, 65536> bytes{};
  std::size_t from = 0;
  std::size_t to = 0;
  bool empty() const { return from == to; }
  void fill(std::size_t size) {
    from = 0;
    to = size;
  }
};

}  // namespace

GateLine::~GateLine() {
  channel_.reset();
  if (connecting_ >= 0) close(connecting_);
  close(far_);
}

/// False where librdkafka has closed its end, the time is up or all ends.
bool GateLine::wait(int fd, short events, Time until) {
  while (!ending_ && Steady::now() < until) {
    std::array<pollfd, 2> both{pollfd{fd, events, 0}, pollfd{far_, 0, 0}};
    if (poll(both.data(), both.size(), static_cast<int>(kLook.count())) < 0 && errno != EINTR) return false;
    abandoned_ = (both[1].revents & POLLHUP) != 0;
    if (abandoned_) return false;
    if (both[0].revents != 0) return true;
  }
  return false;
}

bool GateLine::connect(const sockaddr* address, socklen_t size, std::string& problem) {
  connecting_ = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  int error = 0;
  if (connecting_ < 0) {
    error = errno;
  } else {
    const int on = 1;
    setsockopt(connecting_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(connecting_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (::connect(connecting_, address, size) != 0) error = errno;
    if (error == EINPROGRESS && wait(connecting_, POLLOUT, Steady::now() + kPatience)) {
      socklen_t length = sizeof error;
      getsockopt(connecting_, SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error != 0) problem = "Connect failed: " + std::generic_category().message(error);
  return error == 0;
}

bool GateLine::shake_hands(Time until) {
  while (true) {
    const drivers::Channel::Moved moved = channel_->shake_hands();
    if (moved.bytes > 0) return true;
    if (moved.closed || !wait(channel_->fd(), moved.wait, until)) return false;
  }
}

bool GateLine::send(const std::string& frame, Time until) {
  std::size_t sent = 0;
  while (sent < frame.size()) {
    const drivers::Channel::Moved moved = channel_->write(frame.data() + sent, frame.size() - sent);
    sent += moved.bytes;
    if (moved.bytes == 0 && (moved.closed || !wait(channel_->fd(), moved.wait, until))) return false;
  }
  return true;
}

bool GateLine::read(std::string& into, std::size_t size, Time until) {
  into.assign(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const drivers::Channel::Moved moved = channel_->read(into.data() + got, size - got);
    got += moved.bytes;
    if (moved.bytes == 0 && (moved.closed || !wait(channel_->fd(), moved.wait, until))) return false;
  }
  return true;
}

bool GateLine::receive(std::string& frame, Time until) {
  if (!read(frame, 4, until)) return false;
  std::size_t size = 0;
  for (const char byte : frame)
    size = size << 8U | static_cast<unsigned char>(byte);
  return size <= kLongestFrame && read(frame, size, until);
}

std::string GateLine::broken(const std::string& what) const {
  if (!channel_->problem().empty()) return channel_->problem();
  return what + ": the broker closes the connection or does not answer";
}

/// Empty where both sides have shown that they know the password.
std::string GateLine::prove(const config::Sasl& sasl, const std::string& client, Time until) {
  config::Secret password = config::read_secret(sasl.password_file);
  if (!password.problem.empty()) return password.problem;
  std::string frame;
  if (!send(sasl_handshake(client, sasl.mechanism), until) || !receive(frame, until)) return broken("SASL handshake");
  SaslAnswer answer = handshake_answer(frame);
  if (answer.error == kUnsupportedMechanism) {
    return "Unsupported SASL mechanism: broker's supported mechanisms: " + answer.text;
  }
  if (answer.error != 0) return "Request not valid in current SASL state";
  Scram scram(sasl.mechanism, sasl.username, std::move(password.text), scram_nonce());
  if (!send(sasl_authenticate(client, scram.first()), until) || !receive(frame, until)) return broken("SASL login");
  answer = authenticate_answer(frame);
  if (answer.error != 0) return answer.text;
  const std::string last = scram.last(answer.token);
  if (last.empty()) return "SASL login: the broker's answer is not of this exchange";
  if (!send(sasl_authenticate(client, last), until) || !receive(frame, until)) return broken("SASL login");
  answer = authenticate_answer(frame);
  if (answer.error != 0) return answer.text;
  return scram.proves(answer.token) ? "" : "SASL login: the broker does not know the password itself";
}

std::string GateLine::log_in(const sockaddr* address, socklen_t size, const std::string& broker,
                             const config::Kafka& kafka, const std::string& client) {
  const Time until = Steady::now() + kPatience;
  std::string problem;
  if (connect(address, size, problem)) {
    std::string host = broker.substr(0, broker.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    channel_ = std::make_unique<drivers::Channel>(drivers::Descriptor{std::exchange(connecting_, -1)}, kafka.tls, host,
                                                  kafka_tls_keys());
    if (!shake_hands(until)) {
      problem = channel_->problem().empty() ? "SSL handshake failed: unexpected eof while reading" : broken("");
    } else {
      problem = prove(*kafka.sasl, client, until);
    }
  }
  return problem.empty() ? "" : broker_error(broker + ": " + problem);
}

void GateLine::pass() {
  auto up = std::make_unique<Stock>();
  auto down = std::make_unique<Stock>();
  while (!ending_) {
    bool moved = false;
    short for_net = 0;
    short for_far = 0;
    if (up->empty()) {
      const ssize_t got = recv(far_, up->bytes.data(), up->bytes.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
      if (got > 0) up->fill(static_cast<std::size_t>(got));
      for_far |= POLLIN;
    }
    if (!up->empty()) {
      const drivers::Channel::Moved wrote = channel_->write(up->bytes.data() + up->from, up->to - up->from);
      if (wrote.closed) return;
      up->from += wrote.bytes;
      moved = moved || wrote.bytes > 0;
      for_net |= wrote.wait;
    }
    if (down->empty()) {
      const drivers::Channel::Moved got = channel_->read(down->bytes.data(), down->bytes.size());
      if (got.closed) return;
      if (got.bytes > 0) {
        down->fill(got.bytes);
      } else {
        for_net |= got.wait;
      }
    }
    if (!down->empty()) {
      const ssize_t wrote = ::send(far_, down->bytes.data() + down->from, down->to - down->from, MSG_NOSIGNAL);
      if (wrote < 0 && errno != EAGAIN && errno != EINTR) return;
      if (wrote > 0) down->from += static_cast<std::size_t>(wrote);
      moved = moved || wrote > 0;
      for_far |= POLLOUT;
    }
    if (moved) continue;
    if (!up->empty()) for_far &= static_cast<short>(~POLLIN);
    if (down->empty()) for_far &= static_cast<short>(~POLLOUT);
    std::array<pollfd, 2> both{pollfd{channel_->fd(), for_net, 0}, pollfd{far_, for_far, 0}};
    poll(both.data(), both.size(), static_cast<int>(kRest.count()));
    if ((both[1].revents & POLLHUP) != 0 && up->empty()) return;
  }
}

}  // namespace fieldpost
