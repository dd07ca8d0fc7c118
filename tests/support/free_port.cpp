#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <stdexcept>

namespace fieldpost::support {
namespace {

constexpr unsigned lowest = 20000;
constexpr unsigned ports = 12000;

bool free_now(std::uint16_t port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) throw std::runtime_error("no socket to look for a free port");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const bool bound = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return bound;
}

}  // namespace

std::uint16_t free_port() {
  static std::atomic<unsigned> next = std::random_device{}() % ports;  // other test binaries run at the same time
  for (unsigned tried = 0; tried < ports; ++tried) {
    const auto port = static_cast<std::uint16_t>(lowest + next++ % ports);
    if (free_now(port)) return port;
  }
  throw std::runtime_error("no free port");
}

}  // namespace fieldpost::support
