#include "agent/cli/reading_source.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "agent/control.h"
#include "agent/device_reading_json.h"
#include "buffer/clock.h"

namespace fieldpost::cli {

std::string reading_json(const config::Config& config, const config::ModbusLink& link,
                         const drivers::ReadOrder& order) {
  constexpr std::chrono::seconds beyond_timeout{5};  // for the polls before it on the same link
  constexpr std::size_t most_requests = 20;          // that time out in turn; after the first the rest is given up
  const auto at_most = std::min<std::chrono::milliseconds>(
      std::chrono::duration_cast<std::chrono::milliseconds>(link.timeout * most_requests) + beyond_timeout,
      std::chrono::minutes{2});
  const Answer answer = ask(control_path(config.buffer.path), {"read", order}, at_most);
  switch (answer.kind) {
    case Answer::Kind::answered:
      return answer.text;
    case Answer::Kind::not_running:
      return to_json(drivers::modbus::read_once(link, order, SystemClock{}));
    default:
      throw std::runtime_error(answer.text);
  }
}

}  // namespace fieldpost::cli
