#include "agent/service.h"

#include <systemd/sd-daemon.h>

#include "agent/text.h"

namespace fieldpost::service {

void ready() {
  sd_notify(0, "READY=1");
}
void stopping() {
  sd_notify(0, "STOPPING=1");
}
void status(const std::string& text) {
  sd_notify(0, ("STATUS=" + printable(text)).c_str());
}
void feed_watchdog() {
  sd_notify(0, "WATCHDOG=1");
}

std::vector<std::string> Watchdog::stuck(const std::vector<Progress>& progress, std::int64_t boot) {
  std::vector<std::string> names;
  for (const auto& [thread, rounds] : progress) {
    const auto [found, fresh] = seen_.try_emplace(thread, Seen{rounds, boot});
    Seen& seen = found->second;
    if (seen.rounds != rounds) seen = {rounds, boot};
    if (boot - seen.moved > patience_) names.push_back(thread);
  }
  return names;
}

}  // namespace fieldpost::service
