// main() of every test binary.
#define CATCH_CONFIG_RUNNER
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/support/catch.h"

namespace fieldpost::support {

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* given = std::getenv("FIELDPOST_SEED");
    const std::uint64_t chosen = given != nullptr ? std::stoull(given) : std::random_device{}();
    std::cout << "seed: FIELDPOST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return value;
}

void report_skipped(const std::string& reason) {
  std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": " << reason << std::endl;
}

}  // namespace fieldpost::support

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that a test kills is no reason to die
  return Catch::Session().run(argc, argv);
}
