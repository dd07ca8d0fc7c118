// A process of the demo. It ends with the demo, however that ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fieldpost::demo {

class Child {
 public:
  /// argv[0] is a path; stdout and stderr go to the file. Throws std::runtime_error.
  Child(const std::vector<std::string>& argv, std::string output_file);
  /// SIGKILL where it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void terminate() const;
  /// The exit code, or 128 + the signal that ended it; nothing: it still runs.
  std::optional<int> wait(std::chrono::milliseconds at_most);
  /// The last lines of what it wrote.
  std::string last_output() const;

 private:
  std::string output_file_;
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

}  // namespace fieldpost::demo
