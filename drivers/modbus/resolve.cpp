#include "drivers/modbus/resolve.h"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace fieldpost::drivers::modbus {
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
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Resolved result;
};

Resolver::Resolver(std::string host, std::uint16_t port) : host_(std::move(host)), service_(std::to_string(port)) {}

Resolved Resolver::resolve(std::chrono::steady_clock::time_point deadline, const std::atomic<bool>& stop) {
  Resolved numeric = look_up(host_, service_, AI_NUMERICHOST);
  if (!numeric.addresses.empty()) return numeric;

  if (!lookup_) {
    auto lookup = std::make_shared<Lookup>();
    try {
      std::thread([lookup, host = host_, service = service_] {
        Resolved result = look_up(host, service, 0);
        const std::lock_guard lock(lookup->mutex);
        lookup->result = std::move(result);
        lookup->done = true;
        lookup->changed.notify_all();
      }).detach();
    } catch (const std::system_error& error) {
      return {{}, host_ + ": " + error.what()};
    }
    lookup_ = std::move(lookup);
  }

  constexpr std::chrono::milliseconds slice{50};
  std::unique_lock lock(lookup_->mutex);
  while (!lookup_->done && !stop && std::chrono::steady_clock::now() < deadline) {
    lookup_->changed.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + slice));
  }
  if (!lookup_->done) return {{}, host_ + ": the name server does not answer"};
  Resolved result = std::move(lookup_->result);
  lock.unlock();
  lookup_.reset();
  return result;
}

}  // namespace fieldpost::drivers::modbus
