#include "drivers/mqtt/sparkplug/names.h"

#include <array>
#include <cstddef>

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

constexpr std::string_view name_space = "spBv1.0";

struct Type {
  std::string_view word;
  MessageType type;
  std::size_t levels;
};

constexpr Type types[] = {
    {"NBIRTH", MessageType::nbirth, 4}, {"DBIRTH", MessageType::dbirth, 5}, {"NDATA", MessageType::ndata, 4},
    {"DDATA", MessageType::ddata, 5},   {"NDEATH", MessageType::ndeath, 4}, {"DDEATH", MessageType::ddeath, 5},
    {"NCMD", MessageType::host, 4},     {"DCMD", MessageType::host, 5},
};

constexpr std::size_t most_levels = 5;

}  // namespace

std::optional<Address> read_topic(std::string_view topic) {
  std::array<std::string_view, most_levels> level;
  std::size_t levels = 0;
  for (std::size_t from = 0; from <= topic.size(); ++levels) {
    if (levels == most_levels) return std::nullopt;
    level[levels] = topic.substr(from, topic.find('/', from) - from);
    if (level[levels].empty()) return std::nullopt;
    from += level[levels].size() + 1;
  }
  if (level[0] != name_space) return std::nullopt;
  if (level[1] == "STATE" && levels == 3) return Address{};
  for (const Type& type : types) {
    if (type.word == level[2] && type.levels == levels) return Address{type.type, level[1], level[3], level[4]};
  }
  return std::nullopt;
}

std::string data_topic(std::string_view group, std::string_view node, std::string_view device) {
  std::string topic(name_space);
  topic.append("/").append(group).append(device.empty() ? "/NDATA/" : "/DDATA/").append(node);
  if (!device.empty()) topic.append("/").append(device);
  return topic;
}

std::string command_topic(std::string_view group, std::string_view node) {
  std::string topic(name_space);
  return topic.append("/").append(group).append("/NCMD/").append(node);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
