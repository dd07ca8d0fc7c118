#include "agent/demo/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace fieldpost::demo {
namespace {

// Between fork and exec only what signal-safety(7) allows: the demo has threads.
[[noreturn]] void become(char* const* argv, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);  // Ctrl-C is the demo's alone to handle
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, std::string output_file) : output_file_(std::move(output_file)) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const auto& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int output = ::open(output_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (output < 0) throw std::runtime_error(output_file_ + ": " + std::strerror(errno));
  pid_ = ::fork();
  if (pid_ == 0) become(words.data(), output);
  ::close(output);
  if (pid_ < 0) throw std::runtime_error(argv[0] + ": " + std::strerror(errno));
}

Child::~Child() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::terminate() const {
  if (!ended_) ::kill(pid_, SIGTERM);
}

std::optional<int> Child::wait(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!ended_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (std::chrono::steady_clock::now() >= deadline) {
      break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }
  return ended_;
}

std::string Child::last_output() const {
  std::ifstream file(output_file_);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  constexpr std::size_t enough = 2000;
  return all.size() > enough ? all.substr(all.size() - enough) : all;
}

}  // namespace fieldpost::demo
