#include <iostream>
#include <stdexcept>

#include "agent/cli/verbs.h"
#include "agent/control.h"
#include "agent/queue_options.h"
#include "agent/text.h"
#include "buffer/clock.h"
#include "buffer/maintenance.h"

namespace fieldpost::cli {
namespace {

constexpr std::chrono::seconds patience{60};

std::uint64_t carry_out(const config::Config& config) {
  const Answer answer = ask(control_path(config.buffer.path), Request{"retry"}, patience);
  switch (answer.kind) {
    case Answer::Kind::answered:
      return parse_purged(answer.text).readings;
    case Answer::Kind::not_running:
      return retry(queue_options(config), SystemClock{});
    default:
      throw std::runtime_error(answer.text);
  }
}

}  // namespace

int queue_retry(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  std::cout << grouped(carry_out(*config)) << " rejected readings wait again, behind all others\n";
  return fine;
}

}  // namespace fieldpost::cli
