#include "drivers/modbus/serial.h"

#include <fcntl.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace fieldpost::drivers::modbus {
namespace {

using config::ModbusUrl;

struct Rate {
  int baud;
  speed_t name;
};

constexpr std::array rates{
    Rate{300, B300},         Rate{600, B600},         Rate{1200, B1200},       Rate{2400, B2400},
    Rate{4800, B4800},       Rate{9600, B9600},       Rate{19200, B19200},     Rate{38400, B38400},
    Rate{57600, B57600},     Rate{115200, B115200},   Rate{230400, B230400},   Rate{460800, B460800},
    Rate{500000, B500000},   Rate{576000, B576000},   Rate{921600, B921600},   Rate{1000000, B1000000},
    Rate{1152000, B1152000}, Rate{1500000, B1500000}, Rate{2000000, B2000000}, Rate{2500000, B2500000},
    Rate{3000000, B3000000}, Rate{3500000, B3500000}, Rate{4000000, B4000000}};

std::string text(int error) {
  return std::generic_category().message(error);
}

std::string open_error(const std::string& path, int error) {
  std::string what = path + ": " + text(error);
  switch (error) {
    case EACCES:
      return what + ": the agent's user must be in the line's group, dialout as a rule";
    case ENOENT:
      return what + ": is the adapter plugged in, and this its name?";
    case EBUSY:
      return path + ": another program has the line for itself: stop it";
    case EIO:
    case ENXIO:
    case ENODEV:
      return what + ": the port has no working hardware behind it";
    default:
      return what;
  }
}

/// Parity, stop bits and the rate in the terms of termios(3); control lines are not used, bytes come as they are.
termios settings_of(const ModbusUrl& url) {
  termios settings{};
  cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
  settings.c_cflag |= CS8 | CREAD | CLOCAL;
  if (url.parity != 'N') settings.c_cflag |= PARENB;
  if (url.parity == 'O') settings.c_cflag |= PARODD;
  if (url.stop == 2) settings.c_cflag |= CSTOPB;
  if (url.parity != 'N') settings.c_iflag |= INPCK;  // a damaged byte reads as 0: the CRC tells
  settings.c_cc[VMIN] = 1;                           // a read of nothing then means that the line has gone
  settings.c_cc[VTIME] = 0;
  const auto* rate = std::find_if(rates.begin(), rates.end(), [&](const Rate& r) { return r.baud == url.baud; });
  if (rate != rates.end()) {
    cfsetispeed(&settings, rate->name);
    cfsetospeed(&settings, rate->name);
  }
  return settings;
}

/// tcsetattr() succeeds when it could do any of what it was asked: so it is read back.
std::string configure(int line, const ModbusUrl& url) {
  const termios wanted = settings_of(url);
  if (tcsetattr(line, TCSANOW, &wanted) != 0) return url.path + ": " + text(errno);
  termios taken{};
  if (tcgetattr(line, &taken) != 0) return url.path + ": " + text(errno);
  const auto differs = [&](tcflag_t flags) { return ((taken.c_cflag ^ wanted.c_cflag) & flags) != 0; };
  const auto refused = [&](const std::string& what) { return url.path + ": the line's driver does not take " + what; };
  if (cfgetospeed(&taken) != cfgetospeed(&wanted)) return refused("baud=" + std::to_string(url.baud));
  if (differs(PARENB | PARODD)) {
    return refused(url.parity == 'N' ? "parity=none" : url.parity == 'E' ? "parity=even" : "parity=odd");
  }
  if (differs(CSTOPB)) return refused("stop=" + std::to_string(url.stop));
  if (differs(CSIZE)) return refused("8 data bits");
  tcflush(line, TCIOFLUSH);
  return "";
}

std::string turn_by_rts(int line, const std::string& path, const config::Rs485& rs485) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  serial_rs485 wanted{};
  wanted.flags = SER_RS485_ENABLED;
  wanted.flags |= static_cast<__u32>(rs485.high_on_send ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND);
  wanted.delay_rts_before_send = static_cast<__u32>(duration_cast<milliseconds>(rs485.before).count());
  wanted.delay_rts_after_send = static_cast<__u32>(duration_cast<milliseconds>(rs485.after).count());
  if (ioctl(line, TIOCSRS485, &wanted) == 0) return "";
  return path + ": the line's driver cannot turn RS-485 round (" + text(errno) +
         "): take out rs485 where the adapter does it by itself";
}

}  // namespace

OpenedLine open_serial(const config::ModbusLink& link) {
  const std::string& path = link.url.path;
  Descriptor line{open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  if (!line.open()) return {{}, open_error(path, errno)};
  termios before{};
  if (tcgetattr(line.get(), &before) != 0) {
    return {{}, errno == ENOTTY ? path + ": is no serial line" : open_error(path, errno)};
  }
  // The lock is for programs that look for it and for root, whom TIOCEXCL does not stop.
  if (flock(line.get(), LOCK_EX | LOCK_NB) != 0) return {{}, open_error(path, EBUSY)};
  if (ioctl(line.get(), TIOCEXCL) != 0) return {{}, open_error(path, errno)};
  std::string error = configure(line.get(), link.url);
  if (error.empty() && link.rs485) error = turn_by_rts(line.get(), path, *link.rs485);
  if (!error.empty()) {
    release_serial(line.get());
    return {{}, error};
  }
  return {std::move(line), ""};
}

void release_serial(int line) {
  ioctl(line, TIOCNXCL);
}

}  // namespace fieldpost::drivers::modbus
