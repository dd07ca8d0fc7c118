#include "drivers/mqtt/sparkplug/host.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "config/text.h"
#include "drivers/mqtt/sparkplug/payload.h"
#include "drivers/mqtt/sparkplug/value.h"
#include "drivers/mqtt/topic.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

constexpr std::uint64_t seqs = 256;                        // they start anew at 0
constexpr std::uint64_t latest_ms = 253'402'300'799'999;   // of the year 9999
constexpr std::int64_t first_pause = 10'000'000;           // microseconds
constexpr std::int64_t longest_pause = 600'000'000;        // the same
constexpr std::int64_t one_second = 1'000'000;             // the same
constexpr std::int64_t between_any_two = one_second / 20;  // the same, on average
constexpr const char* node_offline = "the edge node is offline";
constexpr const char* device_offline = "the device is offline";
constexpr const char* device_missing = "the device has not come back with its edge node";

/// Nothing: the birth or death does not say.
std::optional<std::uint64_t> death_number_of(const Payload& payload) {
  const auto metric = std::find_if(payload.metrics.begin(), payload.metrics.end(),
                                   [](const Metric& one) { return one.name == death_number; });
  const auto* number = metric == payload.metrics.end() ? nullptr : std::get_if<Integer>(&metric->value);
  if (number == nullptr) return std::nullopt;
  return number->bits;
}

}  // namespace

struct Host::Message {
  Address address;
  Payload payload;
  bool retained = false;
  Heard heard{};
  std::string gap{};
  std::unordered_set<std::string_view> unborn{};  // names so far that are of no birth

  void say(std::string problem) { heard.problem = std::move(problem); }

  /// "metric 3 (oven/temp...): ", counted from 1.
  std::string of(const Metric& metric) const {
    const std::string number = "metric " + std::to_string(&metric - payload.metrics.data() + 1);
    return number + (metric.name.empty() ? "" : " (" + config::printable(shown(metric.name)) + ")") + ": ";
  }

  std::optional<std::int64_t> wall_of(const Metric& metric) {
    const std::uint64_t ms = metric.timestamp.value_or(0) != 0 ? *metric.timestamp : payload.timestamp.value_or(0);
    if (ms == 0) return std::nullopt;
    if (ms <= latest_ms) return static_cast<std::int64_t>(ms) * 1000;
    say("a time beyond the year 9999");
    return std::nullopt;
  }
};

Heard Host::take(std::string_view topic, std::string_view bytes, bool retained, const Stamp& now) {
  ended_.clear();
  dropped_.reset();
  Heard nothing;
  const auto address = read_topic(topic);
  if (!address) {
    nothing.problem = "no topic of Sparkplug B: spBv1.0/GROUP/TYPE/NODE or spBv1.0/GROUP/TYPE/NODE/DEVICE";
    return nothing;
  }
  if (address->type == MessageType::host) return nothing;
  Message message{*address, read_payload(bytes), retained};
  if (!message.payload.problem.empty()) {
    nothing.problem = std::move(message.payload.problem);
    return nothing;
  }
  ++messages_;
  message.heard.group = address->group;
  message.heard.node = address->node;
  const bool death = address->type == MessageType::ndeath || address->type == MessageType::ddeath;
  Node* known = nodes_.find(address->group, address->node);
  if (known == nullptr && death) return std::move(message.heard);
  Node& node = known != nullptr ? *known : nodes_.of(address->group, address->node);
  dispatch(message, node);
  if (!message.gap.empty()) message.say(std::move(message.gap));
  ask(message, node, now);
  const bool data = address->type == MessageType::ndata || address->type == MessageType::ddata;
  if (!data || known == nullptr) make_room(message);
  return std::move(message.heard);
}

void Host::dispatch(Message& message, Node& node) {
  const bool is_new = !message.retained;
  switch (message.address.type) {
    case MessageType::nbirth:
      return is_new || !node.born ? take_node_birth(message, node) : take_data(message, node);
    case MessageType::dbirth:
      return is_new || !node.devices.contains(message.address.device) ? take_device_birth(message, node)
                                                                      : take_data(message, node);
    case MessageType::ndeath:
      return take_node_death(message, node);
    case MessageType::ddeath:
      return take_device_death(message, node);
    default:
      return take_data(message, node);
  }
}

void Host::take_node_birth(Message& message, Node& node) {
  // What was born before comes again behind this, or is gone.
  node.missing.merge(node.devices);
  node.devices.clear();
  ended_.emplace_back("", std::exchange(node.own, {}));
  node.born = true;
  node.wanting = false;
  node.answered = node.answered || !message.retained;
  node.seq = message.retained ? std::nullopt : message.payload.seq;
  node.death_number = death_number_of(message.payload);
  add_birth(message, node.own);
}

void Host::take_device_birth(Message& message, Node& node) {
  check_seq(message, node);
  if (!node.born && !message.retained) node.wanting = true;
  const std::string device(message.address.device);
  node.missing.erase(device);
  Birth& birth = node.devices[device];
  ended_.emplace_back("", std::exchange(birth, {}));
  add_birth(message, birth);
}

void Host::take_data(Message& message, Node& node) {
  check_seq(message, node);
  Birth* birth = &node.own;
  if (!message.address.device.empty()) {
    const auto device = node.devices.find(message.address.device);
    birth = device == node.devices.end() ? nullptr : &device->second;
  }
  if ((!node.born || birth == nullptr) && !message.retained) node.wanting = true;
  add_data(message, node, birth);
  // Births come before data.
  if (!message.retained) end_all(message, node.missing, device_missing);
}

void Host::take_node_death(Message& message, Node& node) {
  // A will of a connection before may come late.
  const auto number = death_number_of(message.payload);
  const bool both = number && node.death_number;
  if (both ? *number != *node.death_number : message.retained) return;
  end(message, "", std::exchange(node.own, {}), node_offline);
  end_all(message, node.devices, node_offline);
  end_all(message, node.missing, node_offline);
  node.born = false;
  node.wanting = false;
  node.seq.reset();
}

void Host::take_device_death(Message& message, Node& node) {
  check_seq(message, node);
  const std::string_view device = message.address.device;
  for (Births* births : {&node.devices, &node.missing}) {
    const auto gone = births->find(device);
    if (gone == births->end()) continue;
    end(message, device, std::move(gone->second), device_offline);
    births->erase(gone);
  }
}

void Host::check_seq(Message& message, Node& node) const {
  if (message.retained || !message.payload.seq) return;
  const std::uint64_t seq = *message.payload.seq;
  // The same one again is a repeat of QoS 1.
  if (node.seq && seq != *node.seq && seq != (*node.seq + 1) % seqs) {
    message.gap = "a gap in the sequence, " + std::to_string(seq) + " came after " + std::to_string(*node.seq);
    node.wanting = true;
  }
  node.seq = seq;
}

void Host::add_birth(Message& message, Birth& birth) {
  message.heard.groups.push_back({message.address.device, {}});
  message.heard.groups.back().samples.reserve(message.payload.metrics.size());
  for (const Metric& metric : message.payload.metrics) {
    if (const std::string wrong = wrong_with(metric.name); !wrong.empty()) {
      message.say(message.of(metric) + wrong);
    } else {
      add_sample(message, metric, &birth.add(metric));
    }
  }
}

void Host::add_data(Message& message, Node& node, Birth* birth) {
  message.heard.groups.push_back({message.address.device, {}});
  message.heard.groups.back().samples.reserve(message.payload.metrics.size());
  for (const Metric& metric : message.payload.metrics) {
    Point* point = birth != nullptr ? birth->find(metric) : nullptr;
    std::string problem;
    if (point == nullptr && metric.name.empty() && metric.alias) {
      problem = "alias " + std::to_string(*metric.alias) + " is of no birth that is known, or of two metrics";
      if (!message.retained) node.wanting = true;
    } else if (point == nullptr) {
      if (const std::string wrong = wrong_with(metric.name); !wrong.empty()) problem = message.of(metric) + wrong;
    }
    if (problem.empty()) {
      add_sample(message, metric, point);
    } else {
      message.say(std::move(problem));
    }
  }
}

void Host::add_sample(Message& message, const Metric& metric, Point* point) {
  const std::string_view name = point != nullptr ? std::string_view(point->name) : metric.name;
  if (name == death_number || name == rebirth_control) return;
  Sample sample{name, {}, {}, message.wall_of(metric)};
  auto type = metric.datatype;
  if (point != nullptr) {
    sample.unit = point->unit;
    sample.again = std::exchange(point->heard, messages_) == messages_;
    if (!type) type = point->type;
  } else {
    sample.again = !message.unborn.insert(name).second;
  }
  if (auto told = bad_quality(metric)) {
    sample.value = *std::move(told);
  } else {
    sample.value = value_of(metric, type);
    const auto* bad = std::get_if<Bad>(&sample.value);
    if (bad != nullptr && !metric.is_null) message.say(config::printable(name) + ": " + bad->reason);
  }
  message.heard.groups.back().samples.push_back(std::move(sample));
}

// The reasons are bad readings, and no problem of a payload.
void Host::end(Message& message, std::string_view device, Birth birth, const char* reason) {
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

void Host::make_room(Message& message) {
  if (nodes_.make_room(most_bytes) > 0) {
    message.say(
        "the births of all edge nodes take more than 32 MiB: those that were not heard for longest are forgotten");
  }
  if (nodes_.bytes() <= most_bytes) return;
  dropped_ = nodes_.take_out();
  message.say("the births of this edge node take more than 32 MiB: they are not kept");
}

void Host::ask(Message& message, Node& node, const Stamp& now) {
  if (!asks_) {
    const bool helps = node.wanting && !message.retained && !message.heard.problem.empty();
    if (helps) message.heard.problem += "; rebirth = true would ask for the births";
    return;
  }
  if (!node.wanting) return nodes_.schedule(node, std::nullopt);
  if (message.retained) return;
  const bool at_once = node.answered && !node.hurried;
  nodes_.schedule(node, at_once ? std::min(now.boot, node.asked + node.pause) : node.asked + node.pause);
  if (*node.due <= now.boot && may_ask(now)) message.heard.ask_birth = asked(node, now);
}

std::optional<std::string> Host::remind(const Stamp& now) {
  Node* node = nodes_.due(now.boot);
  if (node == nullptr || !may_ask(now)) return std::nullopt;
  return asked(*node, now);
}

bool Host::may_ask(const Stamp& now) const {
  return free_ <= now.boot + one_second - between_any_two;
}

/// What has to be known afterwards, and the topic.
std::string Host::asked(Node& node, const Stamp& now) {
  const std::int64_t since = now.boot - node.asked;
  const bool calm = node.pause == 0 || since > 2 * longest_pause;
  node.hurried = since < node.pause;
  if (calm) node.pause = 0;
  if (!node.hurried) node.pause = std::clamp(2 * node.pause, first_pause, longest_pause);
  node.asked = now.boot;
  node.answered = false;
  free_ = std::max(free_, now.boot) + between_any_two;
  nodes_.schedule(node, node.asked + node.pause);
  return command_topic(node.group, node.name);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
