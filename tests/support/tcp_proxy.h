// A real TCP proxy on the loopback, for links that are slow, thin, cut, silent or half open. Every call takes effect
// before it returns; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fieldpost::support {

class TcpProxy {
 public:
  /// Listens on 127.0.0.1:listen and connects to 127.0.0.1:target for each connection.
  TcpProxy(std::uint16_t listen, std::uint16_t target);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const;

  /// Each way: a round trip takes twice as long. Bytes on their way keep the time they were given.
  void delay(std::chrono::milliseconds one_way);
  /// Of the answers that come back one in `of` arrives later by that much, and what follows it on its connection with
  /// it; 0: none. An answer is what is read at one time.
  void hold(unsigned of, std::chrono::milliseconds by);
  /// Bytes a second, each way, for all connections together; 0: no limit.
  void throttle(std::uint64_t bytes_per_second);

  /// Resets every connection and refuses new ones.
  void cut();
  /// Nothing passes and nobody is told: connections stay open, what is sent is lost, new ones are not answered. At
  /// resume() the connections that were open are reset, as a stream with a hole is worth nothing.
  void black_hole();
  /// Resets the far sides of the open connections; the near sides stay open and get no answer. New connections work.
  void half_open();
  /// Forwards again; delay and throttle stay.
  void resume();

  /// Connections accepted since the start.
  std::uint64_t accepted() const;
  /// Connections that are open now, on the near side.
  std::size_t open() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::support
