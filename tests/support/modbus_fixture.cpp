#include "tests/support/modbus_fixture.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <type_traits>
#include <variant>

#include "buffer/batch.h"
#include "tests/support/eventually.h"

namespace fieldpost::support {
namespace {

struct InWords {
  std::string operator()(const BadView& bad) const { return "bad: " + std::string(bad.reason); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::string_view value) const { return std::string(value); }
  std::string operator()(const EventView& event) const { return std::string(event.members); }
  std::string operator()(const NamedView& named) const { return std::string(named.name); }
  template <typename Number>
  std::string operator()(Number value) const {
    std::string text(32, '\0');
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    text.resize(static_cast<std::size_t>(result.ptr - text.data()));
    return text;
  }
};

}  // namespace

std::vector<Polled> PolledQueue::take() {
  std::vector<Polled> polls;
  while (const auto claim = queue_.claim()) {
    BatchReader reader(*claim->batch);
    while (reader.next()) {
      Polled poll{reader.layout().device(), reader.stamp(), {}};
      for (const ValueView& value : reader.values())
        poll.values.push_back(std::visit(InWords{}, value));
      if (reader.layout().source() == "self") {
        said_.push_back(std::move(poll.values.front()));
      } else {
        polls.push_back(std::move(poll));
      }
    }
    queue_.settle(*claim, {});
  }
  return polls;
}

bool PolledQueue::comes(const std::string& device, const std::vector<std::string>& values,
                        std::chrono::milliseconds at_most) {
  return eventually(at_most, [&] {
    for (const Polled& poll : take()) {
      if (poll.device == device && poll.values == values) return true;
    }
    return false;
  });
}

bool PolledQueue::says(const std::string& members, std::chrono::milliseconds at_most) {
  return eventually(at_most, [&] {
    take();
    const auto found = std::find_if(said_.begin(), said_.end(),
                                    [&](const auto& each) { return each.find(members) != std::string::npos; });
    if (found == said_.end()) return false;
    said_.erase(said_.begin(), found + 1);
    return true;
  });
}

}  // namespace fieldpost::support
