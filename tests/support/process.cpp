#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tests/support/eventually.h"

namespace fieldpost::support {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  int read = -1;
  int write = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_read() { close_end(read); }
  void close_write() { close_end(write); }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

std::vector<std::string> environment(const std::map<std::string, std::string>& extra) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!extra.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : extra)
    all.emplace_back(name).append("=").append(value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (std::string& text : strings)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// In the child, between fork and exec: only what is async-signal-safe, as other threads may have held any lock.
struct Child {
  char** argv;
  char** env;
  const char* cwd;
  pid_t parent;
  int out;
  int err;
  int report;

  [[noreturn]] void become() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it died before the line above
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (*cwd == '\0' || chdir(cwd) == 0) execvpe(argv[0], argv, env);
    const int error = errno;
    if (write(report, &error, sizeof error) < 0) _exit(126);
    _exit(127);
  }
};

}  // namespace

class Process::Impl {
 public:
  explicit Impl(const ProcessOptions& options) : name_(options.argv.at(0)) {
    std::vector<std::string> arguments = options.argv;
    std::vector<std::string> variables = environment(options.env);
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> env = pointers(variables);
    Pipe report;
    const Child child{const_cast<char**>(argv.data()),
                      const_cast<char**>(env.data()),
                      options.cwd.c_str(),
                      getpid(),
                      out_pipe_.write,
                      err_pipe_.write,
                      report.write};
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) child.become();
    out_pipe_.close_write();
    err_pipe_.close_write();
    report.close_write();
    int error = 0;
    if (read(report.read, &error, sizeof error) == sizeof error) {  // else exec has closed it
      waitpid(pid_, nullptr, 0);
      throw std::system_error(error, std::generic_category(), name_);
    }
    reader_ = std::thread([this] { read_output(); });
  }

  ~Impl() {
    kill(SIGKILL);
    wait(std::chrono::hours{1});
    stop_.close_write();  // a grandchild may hold the output open
    reader_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  pid_t pid() const { return pid_; }

  bool running() {
    if (ended_) return false;
    int status = 0;
    const pid_t got = waitpid(pid_, &status, WNOHANG);
    if (got == 0) return true;
    ended_ = got == pid_ && WIFEXITED(status) ? ExitStatus{WEXITSTATUS(status), 0}
                                              : ExitStatus{-1, got == pid_ ? WTERMSIG(status) : 0};
    return false;
  }

  void kill(int signal) {
    if (!ended_) ::kill(pid_, signal);
  }

  std::optional<ExitStatus> wait(milliseconds at_most) {
    if (!eventually(at_most, [this] { return !running(); })) return {};
    std::unique_lock lock(mutex_);
    closed_.wait_for(lock, std::chrono::seconds{2}, [this] { return read_to_end_; });
    return ended_;
  }

  std::string text(int which) const {
    const std::lock_guard lock(mutex_);
    return which == STDOUT_FILENO ? out_ : err_;
  }

 private:
  /// The reader's thread: until both pipes are closed.
  void read_output() {
    std::array<pollfd, 3> fds{pollfd{out_pipe_.read, POLLIN, 0}, pollfd{err_pipe_.read, POLLIN, 0},
                              pollfd{stop_.read, POLLIN, 0}};
    std::array<char, 65536> buffer{};
    while ((fds[0].fd >= 0 || fds[1].fd >= 0) && fds[2].revents == 0) {
      poll(fds.data(), fds.size(), -1);
      for (std::size_t i = 0; i < 2; ++i) {
        if (fds.at(i).fd < 0 || fds.at(i).revents == 0) continue;
        const ssize_t got = read(fds.at(i).fd, buffer.data(), buffer.size());
        if (got <= 0) {
          fds.at(i).fd = -1;
          continue;
        }
        const std::lock_guard lock(mutex_);
        (i == 0 ? out_ : err_).append(buffer.data(), static_cast<std::size_t>(got));
      }
    }
    const std::lock_guard lock(mutex_);
    read_to_end_ = true;
    closed_.notify_all();
  }

  std::string name_;
  Pipe out_pipe_;
  Pipe err_pipe_;
  Pipe stop_;
  pid_t pid_ = -1;
  std::optional<ExitStatus> ended_;
  mutable std::mutex mutex_;
  std::condition_variable closed_;
  std::string out_;
  std::string err_;
  bool read_to_end_ = false;
  std::thread reader_;
};

Process::Process(const ProcessOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Process::~Process() = default;

pid_t Process::pid() const {
  return impl_->pid();
}
bool Process::running() {
  return impl_->running();
}
void Process::kill(int signal) {
  impl_->kill(signal);
}
std::optional<ExitStatus> Process::wait(milliseconds at_most) {
  return impl_->wait(at_most);
}
std::string Process::out() const {
  return impl_->text(STDOUT_FILENO);
}
std::string Process::err() const {
  return impl_->text(STDERR_FILENO);
}

bool Process::wait_for_output(const std::string& text, milliseconds at_most) {
  return eventually(at_most,
                    [&] { return out().find(text) != std::string::npos || err().find(text) != std::string::npos; });
}

Finished run(const ProcessOptions& options, milliseconds at_most) {
  Process process(options);
  const std::optional<ExitStatus> status = process.wait(at_most);
  if (!status) {
    throw std::runtime_error(options.argv.at(0) + " still runs after " + std::to_string(at_most.count()) + " ms:\n" +
                             process.out() + process.err());
  }
  return {*status, process.out(), process.err()};
}

}  // namespace fieldpost::support
