// A child process of a test: its output is captured, and it does not outlive the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fieldpost::support {

struct ProcessOptions {
  std::vector<std::string> argv;           // argv[0] is looked up in PATH
  std::map<std::string, std::string> env;  // added to this process's environment
  std::string cwd;                         // empty: this process's
};

struct ExitStatus {
  int code = -1;   // -1 where a signal ended it
  int signal = 0;  // 0 where it ended by itself
  bool operator==(const ExitStatus&) const = default;
};

class Process {
 public:
  /// Starts it with stdin from /dev/null. Throws std::system_error, also where argv[0] cannot be executed. The kernel
  /// kills it when the thread that started it ends: start it from a thread that outlives it.
  explicit Process(const ProcessOptions& options);
  /// SIGKILL where it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const;
  bool running();
  /// Sends a signal; nothing where it has already been waited for.
  void kill(int signal);
  /// How it ended; nothing where it still runs after `at_most`. After it out() and err() are complete.
  std::optional<ExitStatus> wait(std::chrono::milliseconds at_most);

  /// What it has written so far.
  std::string out() const;
  std::string err() const;
  /// True as soon as stdout or stderr holds the text.
  bool wait_for_output(const std::string& text, std::chrono::milliseconds at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct Finished {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Runs a command to its end. Throws std::runtime_error with what it wrote where it takes longer than `at_most`.
Finished run(const ProcessOptions& options, std::chrono::milliseconds at_most = std::chrono::seconds{60});

}  // namespace fieldpost::support
