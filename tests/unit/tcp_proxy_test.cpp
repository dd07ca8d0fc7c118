// The proxy between real sockets: what a test believes of the link is what the link does.
#include "tests/support/tcp_proxy.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/socket.h"

namespace fieldpost::support {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void send_all(const Socket& socket, std::string text) {
  while (!text.empty()) {
    pollfd writable{socket.fd(), POLLOUT, 0};
    poll(&writable, 1, 10'000);
    const ssize_t sent = send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.erase(0, static_cast<std::size_t>(sent));
  }
}

/// What arrives within the time, up to `size` bytes; nothing at all: the connection has ended.
std::optional<std::string> receive(const Socket& socket, std::size_t size, std::chrono::milliseconds at_most) {
  std::string text;
  const auto end = Clock::now() + at_most;
  while (text.size() < size && Clock::now() < end) {
    pollfd readable{socket.fd(), POLLIN, 0};
    if (poll(&readable, 1, 5) <= 0) continue;
    std::array<char, 65536> buffer;
    const ssize_t got = recv(socket.fd(), buffer.data(), std::min(buffer.size(), size - text.size()), 0);
    if (got <= 0) return text.empty() ? std::nullopt : std::optional(text);
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Socket accept_within(const Socket& listener, std::chrono::milliseconds at_most) {
  Socket accepted;
  eventually(at_most, [&] {
    accepted = accept_from(listener);
    return accepted.open();
  });
  return accepted;
}

/// A listener behind a proxy.
struct Line {
  std::uint16_t target = free_port();
  Socket listener = listen_on(target);
  TcpProxy proxy{free_port(), target};
};

TEST_CASE("bytes and the end pass in both directions", "[proxy][threads]") {
  Line line;
  Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  REQUIRE(far.open());
  send_all(near, "question");
  CHECK(receive(far, 8, 10s) == "question");
  send_all(far, "answer");
  CHECK(receive(near, 6, 10s) == "answer");
  CHECK(line.proxy.accepted() == 1);
  near.close();
  CHECK_FALSE(receive(far, 1, 10s));
}

TEST_CASE("much passes whole", "[proxy][threads]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  std::string much;
  for (int i = 0; much.size() < 3'000'000; ++i)
    much += std::to_string(i);
  std::thread sender([&] { send_all(near, much); });
  const bool same = receive(far, much.size(), 30s) == much;
  sender.join();
  CHECK(same);
}

TEST_CASE("delay holds bytes back each way", "[proxy]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  line.proxy.delay(60ms);
  const auto start = Clock::now();
  send_all(near, "q");
  REQUIRE(receive(far, 1, 10s) == "q");
  send_all(far, "a");
  REQUIRE(receive(near, 1, 10s) == "a");
  CHECK(Clock::now() - start >= 120ms);
}

TEST_CASE("of the answers one in so many is held back, and what follows it on its connection", "[proxy]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  const Socket other_near = connect_to(line.proxy.port());
  const Socket other_far = accept_within(line.listener, 10s);
  line.proxy.hold(3, 1h);
  for (const char* answer : {"1", "2"}) {
    send_all(far, answer);
    REQUIRE(receive(near, 1, 10s) == answer);
  }
  send_all(far, "3");
  CHECK(receive(near, 1, 50ms) == "");
  send_all(far, "4");
  CHECK(receive(near, 1, 50ms) == "");
  send_all(near, "a question is no answer");
  CHECK(receive(far, 23, 10s) == "a question is no answer");
  send_all(other_far, "5");
  CHECK(receive(other_near, 1, 10s) == "5");
  line.proxy.hold(0, 0ms);
  send_all(other_far, "6");
  CHECK(receive(other_near, 1, 10s) == "6");
}

TEST_CASE("an answer is held back for as long as was said", "[proxy]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  line.proxy.hold(1, 120ms);
  const auto start = Clock::now();
  send_all(far, "answer");
  REQUIRE(receive(near, 6, 10s) == "answer");
  CHECK(Clock::now() - start >= 120ms);
}

TEST_CASE("throttle is a rate for all connections together", "[proxy]") {
  Line line;
  const Socket near_a = connect_to(line.proxy.port());
  const Socket far_a = accept_within(line.listener, 10s);
  const Socket near_b = connect_to(line.proxy.port());
  const Socket far_b = accept_within(line.listener, 10s);
  line.proxy.throttle(100'000);
  const auto start = Clock::now();
  send_all(near_a, std::string(20'000, 'a'));
  send_all(near_b, std::string(20'000, 'b'));
  REQUIRE(receive(far_a, 20'000, 30s) == std::string(20'000, 'a'));
  REQUIRE(receive(far_b, 20'000, 30s) == std::string(20'000, 'b'));
  CHECK(Clock::now() - start >= 350ms);  // 40 kB, less what one burst lets through
}

TEST_CASE("cut resets and refuses until it is resumed", "[proxy][threads]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  line.proxy.cut();
  CHECK_FALSE(receive(near, 1, 10s));
  CHECK_FALSE(receive(far, 1, 10s));
  CHECK_FALSE(receive(connect_to(line.proxy.port()), 1, 10s));
  CHECK(line.proxy.open() == 0);
  line.proxy.resume();
  const Socket again = connect_to(line.proxy.port());
  send_all(again, "x");
  CHECK(receive(accept_within(line.listener, 10s), 1, 10s) == "x");
}

TEST_CASE("a black hole keeps connections and loses bytes", "[proxy][threads]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  line.proxy.black_hole();
  send_all(near, "lost");
  send_all(far, "lost");
  CHECK(receive(near, 1, 50ms) == "");
  CHECK(receive(far, 1, 50ms) == "");
  line.proxy.resume();
  CHECK_FALSE(receive(near, 1, 10s));
  CHECK_FALSE(receive(far, 1, 10s));
}

TEST_CASE("half open: the near side is told nothing", "[proxy][threads]") {
  Line line;
  const Socket near = connect_to(line.proxy.port());
  const Socket far = accept_within(line.listener, 10s);
  line.proxy.half_open();
  CHECK_FALSE(receive(far, 1, 10s));
  send_all(near, "into the void");
  CHECK(receive(near, 1, 50ms) == "");
  const Socket other = connect_to(line.proxy.port());
  send_all(other, "x");
  CHECK(receive(accept_within(line.listener, 10s), 1, 10s) == "x");
}

TEST_CASE("a target that does not listen ends the connection", "[proxy]") {
  const TcpProxy proxy(free_port(), free_port());
  CHECK_FALSE(receive(connect_to(proxy.port()), 1, 10s));
}

}  // namespace
}  // namespace fieldpost::support
