#include "drivers/mqtt/sparkplug/host.h"

#include <algorithm>
#include <utility>

#include "config/text.h"
#include "drivers/mqtt/sparkplug/host_message.h"
#include "drivers/mqtt/sparkplug/value.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt::sparkplug {
namespace {

constexpr std::uint64_t seqs = 256;  // they start anew at 0
constexpr const char* node_offline = "the edge node is offline";
constexpr const char* device_offline = "the device is offline";
constexpr const char* device_missing = "the device has not come back with its edge node";
constexpr const char* born_no_more = "the last birth does not name it";
// Of what data of one edge node gives by name, and no birth does. What is beyond is not remembered.
constexpr std::size_t most_unborn = 1U << 20;

/// Nothing: the birth or death does not say.
std::optional<std::uint64_t> death_number_of(const Payload& payload) {
  const auto metric = std::find_if(payload.metrics.begin(), payload.metrics.end(),
                                   [](const Metric& one) { return one.name == death_number; });
  const auto* number = metric == payload.metrics.end() ? nullptr : std::get_if<Integer>(&metric->value);
  if (number == nullptr) return std::nullopt;
  return number->bits;
}

}  // namespace

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
  if (known == nullptr && death) {
    if (!retained) message.say("what is offline now is not known: its birth was not heard");
    return std::move(message.heard);
  }
  Node& node = known != nullptr ? *known : nodes_.of(address->group, address->node);
  dispatch(message, node);
  if (!message.gap.empty()) message.say(std::move(message.gap));
  ask(message, node, now);
  const bool data = address->type == MessageType::ndata || address->type == MessageType::ddata;
  if (!data || message.remembered || known == nullptr) make_room(message);
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
  // What was there before comes again behind this, or is gone.
  node.missing.merge(node.devices);
  node.devices.clear();
  for (const auto& [device, unborn] : node.unborn)
    if (!device.empty()) node.missing.try_emplace(device);
  node.born = true;
  node.wanting = false;
  node.answered = node.answered || !message.retained;
  node.seq = message.retained ? std::nullopt : message.payload.seq;
  node.death_number = death_number_of(message.payload);
  add_birth(message, node, node.own);
}

void Host::take_device_birth(Message& message, Node& node) {
  check_seq(message, node);
  if (!node.born && !message.retained) node.wanting = true;
  const std::string device(message.address.device);
  if (auto missing = node.missing.extract(device)) node.devices.insert(std::move(missing));
  add_birth(message, node, node.devices[device]);
}

void Host::take_data(Message& message, Node& node) {
  check_seq(message, node);
  Birth* birth = &node.own;
  if (!message.address.device.empty()) {
    const auto device = node.devices.find(message.address.device);
    birth = device == node.devices.end() ? nullptr : &device->second;
  }
  // Births come before data.
  if (!message.retained) end_missing(message, node, device_missing);
  add_data(message, node, birth);
  if ((node.born && birth != nullptr) || message.retained) return;
  node.wanting = true;
  message.add_if_none(node.born ? "no birth of the device is known" : "no birth of the edge node is known");
}

void Host::take_node_death(Message& message, Node& node) {
  // A will of a connection before may come late.
  const auto number = death_number_of(message.payload);
  const bool both = number && node.death_number;
  if (both ? *number != *node.death_number : message.retained) return;
  end(message, "", std::exchange(node.own, {}), node_offline);
  for (Births* births : {&node.devices, &node.missing, &node.unborn})
    end_all(message, *births, node_offline);
  node.born = false;
  node.wanting = false;
  node.seq.reset();
}

void Host::take_device_death(Message& message, Node& node) {
  check_seq(message, node);
  const std::string_view device = message.address.device;
  bool any = false;
  for (Births* births : {&node.devices, &node.missing, &node.unborn})
    any = end_one(message, *births, device, device_offline) || any;
  if (!any && !node.born && !message.retained) message.say("what is offline now is not known: its birth was not heard");
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

// In the place of the one before, and of what data alone has told.
void Host::add_birth(Message& message, Node& node, Birth& birth) {
  const Birth before = std::exchange(birth, {});
  const auto unborn = node.unborn.extract(std::string(message.address.device));
  message.heard.groups.push_back({message.address.device, {}});
  message.heard.groups.back().samples.reserve(message.payload.metrics.size());
  for (const Metric& metric : message.payload.metrics) {
    if (const std::string wrong = wrong_with(metric.name); !wrong.empty()) {
      message.say(message.of(metric) + wrong);
    } else {
      add_sample(message, metric, &birth.add(metric));
    }
  }
  // Their names are needed as long as the message is.
  end(message, message.address.device, before.without(birth), born_no_more);
  if (unborn) end(message, message.address.device, unborn.mapped().without(birth), born_no_more);
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
      const std::string wrong = wrong_with(metric.name);
      if (wrong.empty()) point = remember(message, node, metric);
      if (!wrong.empty()) problem = message.of(metric) + wrong;
    }
    if (problem.empty()) {
      add_sample(message, metric, point);
    } else {
      message.say(std::move(problem));
    }
  }
}

// What is not known of a birth is known from here on all the same, for the time when it ends. Null: there is no room.
Point* Host::remember(Message& message, Node& node, const Metric& metric) {
  const auto unborn = node.unborn.find(message.address.device);
  Point* known = unborn == node.unborn.end() ? nullptr : unborn->second.find(metric);
  if (known != nullptr) {
    known->type = metric.datatype;
    return known;
  }
  std::size_t all = 0;
  for (const auto& [device, one] : node.unborn)
    all += one.bytes();
  if (all >= most_unborn) return nullptr;
  message.remembered = true;
  return &node.unborn[std::string(message.address.device)].add(metric);
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
    sample.again = !message.unkept.insert(name).second;
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
  if (message.retained) {
    if (!node.wanting) nodes_.schedule(node, std::nullopt);
  } else if (asks_) {
    message.heard.ask_birth = asking_.behind(nodes_, node, now);
  } else if (node.wanting && !message.heard.problem.empty()) {
    message.heard.problem += "; rebirth = true would ask for the births";
  }
}

std::optional<std::string> Host::remind(const Stamp& now) {
  return asking_.remind(nodes_, now);
}

}  // namespace fieldpost::drivers::mqtt::sparkplug
