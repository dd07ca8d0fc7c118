// Preloaded into the agent, so that a pseudo terminal takes what only a serial line has, parity and RS-485, and so that
// a test sees what was asked for: a line for each request, in the file that SERIAL_RECORD names.
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {

termios taken{};
bool any_taken = false;

template <typename... Values>
void record(const char* format, Values... values) {
  const char* path = std::getenv("SERIAL_RECORD");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "a");
  if (file == nullptr) return;
  std::fprintf(file, format, values...);
  std::fclose(file);
}

int bits_per_second(speed_t speed) {
  const struct {
    speed_t name;
    int rate;
  } rates[] = {{B300, 300}, {B9600, 9600}, {B19200, 19200}, {B115200, 115200}, {B4000000, 4000000}};
  for (const auto& rate : rates) {
    if (rate.name == speed) return rate.rate;
  }
  return -1;
}

}  // namespace

extern "C" {

int tcsetattr(int, int, const termios* settings) noexcept {
  const tcflag_t flags = settings->c_cflag;
  const char parity = (flags & PARENB) == 0 ? 'N' : (flags & PARODD) != 0 ? 'O' : 'E';
  record("line %d 8%c%d%s\n", bits_per_second(cfgetospeed(settings)), parity, (flags & CSTOPB) != 0 ? 2 : 1,
         (flags & CSIZE) == CS8 && (settings->c_lflag & (ICANON | ECHO)) == 0 ? " raw" : "");
  taken = *settings;
  any_taken = true;
  return 0;
}

int tcgetattr(int fd, termios* settings) noexcept {
  if (any_taken) {
    *settings = taken;
    return 0;
  }
  return static_cast<int>(syscall(SYS_ioctl, fd, TCGETS, settings));
}

int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (request == TIOCEXCL) record("%s\n", "exclusive");
  if (request == TIOCSRS485) {
    const auto* rs485 = static_cast<const serial_rs485*>(argument);
    record("rs485 %s send=%d after=%d before=%u,%u\n", (rs485->flags & SER_RS485_ENABLED) != 0 ? "on" : "off",
           (rs485->flags & SER_RS485_RTS_ON_SEND) != 0 ? 1 : 0, (rs485->flags & SER_RS485_RTS_AFTER_SEND) != 0 ? 1 : 0,
           rs485->delay_rts_before_send, rs485->delay_rts_after_send);
    return 0;
  }
  return static_cast<int>(syscall(SYS_ioctl, fd, request, argument));
}

}  // extern "C"
