#include "drivers/mqtt/meeting.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/mqtt/frame.h"
#include "drivers/mqtt/login.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t longest_connect = 256U << 10;  // client id, and a will with its topic and payload
constexpr std::size_t most_strangers = 16;           // at one time; who waits for longest goes first

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string random_word() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) fail("getrandom");
  std::string word;
  for (const unsigned char byte : bytes) {
    word += "0123456789abcdef"[byte >> 4U];
    word += "0123456789abcdef"[byte & 15U];
  }
  return word;
}

struct Stranger {
  Descriptor socket;
  std::string said;
};

enum class Look { wait, guest, away };

Look look_at(Stranger& stranger, std::string_view token, std::size_t& connect_size) {
  std::array<char, 4096> bytes{};
  const ssize_t got = recv(stranger.socket.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Look::wait;
  if (got <= 0) return Look::away;
  stranger.said.append(bytes.data(), static_cast<std::size_t>(got));
  FrameCutter cutter(longest_connect);
  cutter.add(stranger.said);
  const auto frame = cutter.next();
  if (!frame) return cutter.broken() || stranger.said.size() > longest_connect ? Look::away : Look::wait;
  connect_size = frame->bytes.size();
  return with_login(*frame, token, {}) ? Look::guest : Look::away;
}

}  // namespace

Meeting::Meeting()
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)), token_(random_word()) {
  if (!listener_.open()) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), any, size) != 0 || listen(listener_.get(), most_strangers) != 0 ||
      getsockname(listener_.get(), any, &size) != 0) {
    fail("a port of the loopback interface");
  }
  url_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

Meeting::Guest Meeting::meet(SteadyTime deadline, const Interrupt& interrupt) {
  std::vector<Stranger> strangers;
  for (;;) {
    std::vector<pollfd> entries{{interrupt.fd(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const Stranger& stranger : strangers)
      entries.push_back({stranger.socket.get(), POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || interrupt.raised()) return {};
    poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    for (Stranger& stranger : strangers) {
      std::size_t size = 0;
      const Look look = look_at(stranger, token_, size);
      if (look == Look::guest) {
        return {std::move(stranger.socket), stranger.said.substr(0, size), stranger.said.substr(size)};
      }
      if (look == Look::away) stranger.socket = {};
    }
    std::erase_if(strangers, [](const Stranger& stranger) { return !stranger.socket.open(); });
    Descriptor next{accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!next.open()) continue;
    const int on = 1;
    setsockopt(next.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (strangers.size() == most_strangers) strangers.erase(strangers.begin());
    strangers.push_back({std::move(next), {}});
  }
}

}  // namespace fieldpost::drivers::mqtt
