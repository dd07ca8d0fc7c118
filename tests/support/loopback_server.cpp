#include "tests/support/loopback_server.h"

#include <chrono>
#include <utility>

#include "tests/support/free_port.h"

namespace fieldpost::support {

LoopbackServer::LoopbackServer(Serve serve)
    : serve_(std::move(serve)), port_(free_port()), listener_(listen_on(port_)), thread_([this] { run(); }) {}

LoopbackServer::~LoopbackServer() {
  ending_ = true;
  thread_.join();
}

void LoopbackServer::run() {
  for (; !ending_; std::this_thread::sleep_for(std::chrono::milliseconds{1})) {
    Socket client = accept_from(listener_);
    if (!client.open()) continue;
    ++connections_;
    serve_(client);
  }
}

}  // namespace fieldpost::support
