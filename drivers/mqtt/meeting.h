// Where Paho meets its gate: a port of the loopback interface that anybody on the machine may connect to, and a random
// word that only Paho knows.
#pragma once

#include <string>
#include <string_view>

#include "drivers/net/port.h"

namespace fieldpost::drivers::mqtt {

class Meeting {
 public:
  /// Throws std::system_error where there is no socket to be had.
  Meeting();

  /// For Paho: "tcp://127.0.0.1:PORT", and its user name.
  const std::string& url() const { return url_; }
  const std::string& token() const { return token_; }

  struct Guest {
    Descriptor socket;    // non-blocking; none: stopped, or the time was up
    std::string connect;  // its first packet, whole
    std::string more;     // what came behind it
  };
  /// The first who shows the token; all others are turned away.
  Guest meet(SteadyTime deadline, const Interrupt& interrupt);

 private:
  Descriptor listener_;
  std::string url_;
  std::string token_;
};

}  // namespace fieldpost::drivers::mqtt
