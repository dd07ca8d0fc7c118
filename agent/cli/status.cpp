#include "agent/status.h"

#include <unistd.h>

#include <iostream>
#include <thread>

#include "agent/cli/verbs.h"
#include "agent/control.h"
#include "agent/status_text.h"
#include "agent/version.h"
#include "buffer/clock.h"
#include "buffer/peek.h"

namespace fieldpost::cli {
namespace {

constexpr std::chrono::seconds patience{5};

/// The status object: the agent's, or the database's where no agent runs.
std::string status_json(const config::Buffer& buffer, std::int64_t now) {
  const std::string& database = buffer.path;
  const Answer answer = ask(control_path(database), {"status"}, patience);
  switch (answer.kind) {
    case Answer::Kind::answered:
      return answer.text;
    case Answer::Kind::not_running:
      return to_json(Peek(database).state(), buffer.max_size, kVersion, now);
    default:
      throw std::runtime_error(answer.text);
  }
}

int show_once(const Args& args, const config::Buffer& buffer, bool redraw) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const std::int64_t now = SystemClock{}.now().wall;
  std::string json;
  try {
    json = status_json(buffer, now);
  } catch (const PeekError& error) {
    std::cerr << "fieldpost: not running, and " << error.what() << std::endl;
    return not_running;
  }
  const StatusText status = render_status(json, now, terminal);
  if (args.has("--json")) {
    std::cout << json << std::endl;
  } else {
    if (redraw) std::cout << (terminal ? "\033[H\033[2J" : "\n");
    std::cout << status.text << std::flush;
  }
  if (!status.running) return not_running;
  return status.degraded ? failed : fine;
}

}  // namespace

int status(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  if (!args.has("--watch")) return show_once(args, config->buffer, false);
  // Ctrl-C ends the process: there is nothing to put back.
  while (std::cout) {
    show_once(args, config->buffer, true);
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
  return failed;
}

}  // namespace fieldpost::cli
