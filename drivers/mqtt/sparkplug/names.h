// What Sparkplug B calls its topics and its own metrics (Sparkplug 3.0, sections 4.1 and 6.4.19). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fieldpost::drivers::mqtt::sparkplug {

constexpr std::string_view rebirth_control = "Node Control/Rebirth";  // the metric that asks for births
constexpr std::string_view death_number = "bdSeq";                    // the metric that pairs a death with its birth
constexpr std::string_view unit_property = "engUnit";
constexpr std::string_view quality_property = "Quality";

/// host: a command, or the state of a host application.
enum class MessageType : std::uint8_t { nbirth, dbirth, ndata, ddata, ndeath, ddeath, host };

/// spBv1.0/GROUP/TYPE/NODE or spBv1.0/GROUP/TYPE/NODE/DEVICE. The views are into the topic.
struct Address {
  MessageType type = MessageType::host;
  std::string_view group;
  std::string_view node;
  std::string_view device;  // empty: of the edge node itself
};

/// Nothing: the topic is none of Sparkplug B.
std::optional<Address> read_topic(std::string_view topic);

/// The topic on which the device, or the node where `device` is empty, publishes its data.
std::string data_topic(std::string_view group, std::string_view node, std::string_view device);

/// The topic on which an edge node is told something.
std::string command_topic(std::string_view group, std::string_view node);

}  // namespace fieldpost::drivers::mqtt::sparkplug
