// What becomes of metrics that end: each gets a bad reading.
#include <utility>

#include "drivers/mqtt/sparkplug/host_message.h"

namespace fieldpost::drivers::mqtt::sparkplug {

// The reasons are bad readings, and no problem of a payload.
void Host::end(Message& message, std::string_view device, Birth birth, const char* reason) {
  if (birth.points().empty()) return;
  ended_.emplace_back(device, std::move(birth));
  const auto& [name, gone] = ended_.back();
  Group group{name, {}};
  // A will is written when its node connects.
  const bool told = message.address.type == MessageType::ddeath;
  const auto wall = told ? message.wall_of({}) : std::nullopt;
  for (const Point& point : gone.points()) {
    if (point.name != death_number && point.name != rebirth_control)
      group.samples.push_back({point.name, point.unit, Bad{reason}, wall});
  }
  message.heard.groups.push_back(std::move(group));
}

void Host::end_all(Message& message, Births& births, const char* reason) {
  for (auto& [device, birth] : births)
    end(message, device, std::move(birth), reason);
  births.clear();
}

// False: it is none of them.
bool Host::end_one(Message& message, Births& births, std::string_view device, const char* reason) {
  const auto gone = births.find(device);
  if (gone == births.end()) return false;
  end(message, device, std::move(gone->second), reason);
  births.erase(gone);
  return true;
}

void Host::end_missing(Message& message, Node& node, const char* reason) {
  for (const auto& [device, birth] : node.missing)
    end_one(message, node.unborn, device, reason);
  end_all(message, node.missing, reason);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
