#include "drivers/net/resolve.h"

#include <netdb.h>
#include <poll.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace fieldpost::drivers {
namespace {

Resolved look_up(const std::string& host, const std::string& service, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
  if (code != 0) return {{}, host + ": " + gai_strerror(code)};
  Resolved found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    address.length = entry->ai_addrlen;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    found.addresses.push_back(address);
  }
  freeaddrinfo(list);
  return found;
}

}  // namespace

struct Resolver::Lookup {
  const Descriptor done = make_event();
  std::mutex mutex;
  Resolved result;
};

Resolver::Resolver(std::string host, std::uint16_t port) : host_(std::move(host)), service_(std::to_string(port)) {}

Resolved Resolver::resolve(SteadyTime deadline, const Interrupt& interrupt) {
  Resolved numeric = look_up(host_, service_, AI_NUMERICHOST);
  if (!numeric.addresses.empty()) return numeric;

  if (!lookup_) {
    try {
      auto lookup = std::make_shared<Lookup>();
      std::thread([lookup, host = host_, service = service_] {
        Resolved result = look_up(host, service, 0);
        const std::lock_guard lock(lookup->mutex);
        lookup->result = std::move(result);
        signal(lookup->done);
      }).detach();
      lookup_ = std::move(lookup);
    } catch (const std::system_error& error) {
      return {{}, host_ + ": " + error.what()};
    }
  }
  if (wait_for(lookup_->done.get(), POLLIN, deadline, interrupt) != Wait::ready) {
    return {{}, host_ + ": the name server does not answer"};
  }
  const std::shared_ptr<Lookup> lookup = std::exchange(lookup_, nullptr);
  const std::lock_guard lock(lookup->mutex);
  return std::move(lookup->result);
}

}  // namespace fieldpost::drivers
