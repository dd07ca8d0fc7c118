#include "agent/demo/yard.h"

#include <arpa/inet.h>
#include <mqtt/async_client.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace fieldpost::demo {
namespace {

using std::chrono::milliseconds;

const std::vector<std::string> meters{"meter-1", "meter-2", "meter-3"};

/// Taken by the kernel and given back at once: Mosquitto cannot say which port it took itself.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = socket >= 0 && ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error("no free TCP port on 127.0.0.1");
  return ntohs(address.sin_port);
}

std::string url(std::uint16_t port) {
  return "tcp://127.0.0.1:" + std::to_string(port);
}

std::string message(std::uint64_t number, double phase) {
  std::ostringstream text;
  text << "{\"number\":" << number << ",\"power\":" << std::round(15'000 + 4'000 * std::sin(phase)) / 10 << "}";
  return text.str();
}

}  // namespace

std::optional<std::string> find_mosquitto() {
  const char* path = std::getenv("PATH");
  std::istringstream folders((path == nullptr ? std::string() : std::string(path)) + ":/usr/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = folder + "/mosquitto";
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

Yard::Yard(const std::string& mosquitto, const std::string& folder) : port_(free_port()) {
  const std::string file = folder + "/mosquitto.conf";
  std::ofstream(file) << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\npersistence false\n";
  broker_ = std::make_unique<Child>(std::vector<std::string>{mosquitto, "-c", file}, folder + "/mosquitto.log");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (true) {
    try {
      mqtt::async_client probe(url(port_), "fieldpost-demo-probe");
      probe.connect()->wait();
      probe.disconnect()->wait();
      return;
    } catch (const mqtt::exception& failure) {
      if (broker_->wait(milliseconds{20}) || std::chrono::steady_clock::now() >= deadline) {
        throw std::runtime_error("Mosquitto does not answer: " + broker_->last_output() + failure.what());
      }
    }
  }
}

Yard::~Yard() {
  stop();
}

void Yard::start() {
  thread_ = std::thread([this] { publish(); });
}

void Yard::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Yard::publish() {
  try {
    mqtt::async_client client(url(port_), "fieldpost-demo-meters");
    client.connect()->wait();
    auto next = std::chrono::steady_clock::now();
    for (std::uint64_t number = 1; !stop_; ++number) {
      for (const auto& meter : meters) {
        const auto text = message(number, static_cast<double>(number) / 30 + static_cast<double>(meter.back()));
        client.publish("yard/" + meter + "/state", text.data(), text.size(), 1, false)->wait();
        acknowledged_[meter] = number;
      }
      next += milliseconds{100};
      std::this_thread::sleep_until(next);
    }
    client.disconnect()->wait();
  } catch (const mqtt::exception& failure) {
    error_ = failure.what();
  }
}

}  // namespace fieldpost::demo
