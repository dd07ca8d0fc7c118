// What librdkafka says of a broker, in the words of an operator. Pure.
#pragma once

#include <string>

namespace fieldpost {

/// `ground-1:9092/bootstrap: Connect to ipv4#10.0.4.2:9092 failed: Connection refused (after 0ms in state CONNECT)` as
/// `ground-1:9092: Connect to 10.0.4.2:9092 failed: Connection refused`.
/// What is wrong with TLS or a login is said with its remedy. `worked`: the broker has taken something as things are,
/// so that it misses no login.
std::string broker_error(std::string text, bool worked = false);

}  // namespace fieldpost
