// A connection to a broker, in TLS where the configuration says so. Non-blocking; one thread at a
// time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "drivers/net/certificates.h"
#include "drivers/net/port.h"

namespace fieldpost::drivers {

class Channel {
 public:
  /// What a call has done. Where it has moved nothing it is to be repeated when poll() gives `wait` for the descriptor;
  /// where it has, `wait` says that nothing more would move before.
  struct Moved {
    std::size_t bytes = 0;
    short wait = 0;
    bool closed = false;  // for ever; problem() may say why
  };

  /// The socket is connected and non-blocking. `host`: the name that has to stand in the certificate.
  Channel(Descriptor socket, const std::optional<config::Tls>& tls, const std::string& host, TlsKeys keys);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return socket_.get(); }
  /// To be repeated until it has moved a byte. Before that nothing is read or written.
  Moved shake_hands();
  Moved read(char* into, std::size_t size);
  Moved write(const char* from, std::size_t size);
  /// The rest of a sentence that begins with the broker, in librdkafka's or an operator's words; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  struct Tls;
  Moved of_tls(int result);
  static Moved of_socket(ssize_t result, short wait);

  const Descriptor socket_;
  const TlsKeys keys_;
  std::unique_ptr<Tls> tls_;
  std::string problem_;
};

}  // namespace fieldpost::drivers
