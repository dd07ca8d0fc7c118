// Paho's CONNECT, which knows no password: whether it is ours, and the one that the broker gets. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/mqtt/frame.h"

namespace fieldpost::drivers::mqtt {

struct Login {
  std::string username;  // empty: none is sent
  std::string password;  // the same
};

/// The packet with the login in the place of its user name, which has to be the token. Nothing: it is another's.
std::optional<std::string> with_login(const Frame& connect, std::string_view token, const Login& login);

}  // namespace fieldpost::drivers::mqtt
