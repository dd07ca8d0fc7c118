#include "agent/cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace fieldpost::cli {
namespace {

constexpr std::size_t buffered = 64U << 10;

void check(int error, const std::string& name) {
  if (error == EPIPE) throw OutputClosed();
  if (error != 0) throw std::system_error(error, std::generic_category(), name);
}

}  // namespace

Output::Output() : name_("the output"), descriptor_(STDOUT_FILENO), owned_(false) {
  std::signal(SIGPIPE, SIG_IGN);
}

Output::Output(const std::string& file)
    : name_(file), descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)), owned_(true) {
  std::signal(SIGPIPE, SIG_IGN);
  if (descriptor_ < 0) check(errno, name_);
}

Output::~Output() {
  write_out();
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

int Output::write_out() {
  std::string_view left = waiting_;
  int error = 0;
  while (!left.empty() && error == 0) {
    const auto written = ::write(descriptor_, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  waiting_.clear();
  return error;
}

void Output::write(std::string_view text) {
  waiting_ += text;
  if (waiting_.size() >= buffered) flush();
}

void Output::flush() {
  check(write_out(), name_);
}

void Output::close() {
  flush();
  if (!owned_) return;
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) check(errno, name_);
}

bool Output::terminal() const {
  return ::isatty(descriptor_) == 1;
}

}  // namespace fieldpost::cli
