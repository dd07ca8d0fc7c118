// What a host application knows of edge nodes: it pairs births with what comes after them, and sees what is missing
// (Sparkplug 3.0, section 5). Pure; one thread. It is no primary host: it publishes no STATE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "drivers/mqtt/sparkplug/asking.h"
#include "drivers/mqtt/sparkplug/births.h"
#include "drivers/mqtt/sparkplug/names.h"

namespace fieldpost::drivers::mqtt::sparkplug {

/// One metric of a message, by its own name.
struct Sample {
  std::string_view point;
  std::string_view unit;
  Value value;
  std::optional<std::int64_t> wall;  // microseconds since 1970; nothing: the time of arrival counts
  bool again = false;                // its point was in the same message before
};

/// Of one device, or of the edge node itself where `device` is empty.
struct Group {
  std::string_view device;
  std::vector<Sample> samples;
};

/// Valid until the next call of Host::take(), and as long as the message.
struct Heard {
  std::string_view group;
  std::string_view node;
  std::vector<Group> groups;
  std::string problem;                   // empty: none
  std::optional<std::string> ask_birth;  // the topic on which the edge node is to be asked for its births
};

class Host {
 public:
  static constexpr std::size_t most_bytes = 32U << 20;  // of births; the least recently heard nodes go first

  /// Whether births are asked for, see Asking.
  explicit Host(bool asks) : asks_(asks) {}

  /// Metrics of a birth or of data, as they say, and what a death makes bad. A retained message was sent before: it
  /// tells names that are not known, but nothing of what is missing.
  Heard take(std::string_view topic, std::string_view bytes, bool retained, const Stamp& now);

  /// The topic on which the next edge node is to be asked for its births as its time has come; nothing: none is due.
  std::optional<std::string> remind(const Stamp& now);

  std::size_t bytes() const { return nodes_.bytes(); }

 private:
  struct Message;

  void dispatch(Message& message, Node& node);
  void take_node_birth(Message& message, Node& node);
  void take_device_birth(Message& message, Node& node);
  void take_data(Message& message, Node& node);
  void take_node_death(Message& message, Node& node);
  void take_device_death(Message& message, Node& node);
  void check_seq(Message& message, Node& node) const;
  void add_birth(Message& message, Node& node, Birth& birth);
  void add_data(Message& message, Node& node, Birth* birth);
  Point* remember(Message& message, Node& node, const Metric& metric);
  void add_sample(Message& message, const Metric& metric, Point* point);
  void end(Message& message, std::string_view device, Birth birth, const char* reason);
  void end_all(Message& message, Births& births, const char* reason);
  bool end_one(Message& message, Births& births, std::string_view device, const char* reason);
  void end_missing(Message& message, Node& node, const char* reason);
  void make_room(Message& message);
  void ask(Message& message, Node& node, const Stamp& now);

  const bool asks_;
  Nodes nodes_;
  Asking asking_;
  std::uint64_t messages_ = 0;
  std::list<std::pair<std::string, Birth>> ended_;  // by the last message; what was heard of it points there
  std::optional<Node> dropped_;                     // the same
};

}  // namespace fieldpost::drivers::mqtt::sparkplug
