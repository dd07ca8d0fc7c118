// What `mqtt` and `check --payload` print: a message beside the readings that a broker's rules make of it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/mqtt/decoded.h"
#include "drivers/mqtt/interpreter.h"
#include "drivers/mqtt/message.h"

namespace fieldpost {

struct ReadMessage {
  drivers::mqtt::Message message;
  Stamp arrival;
  std::vector<drivers::mqtt::Decoded> readings{};  // one for each rule that makes something of it
  bool matched = false;                            // a rule has a topic that matches
  bool taken = false;                              // such a rule takes it: not where retained ones are ignored
  bool bytes = false;                              // one that takes it is of raw bytes
  bool good = false;                               // there is a reading, and each of them is good
};

/// What Sparkplug B's births say is remembered from message to message.
class MessageReader {
 public:
  /// `broker` outlives it.
  explicit MessageReader(const config::MqttBroker& broker) : interpreter_(broker, false) {}
  ReadMessage read(drivers::mqtt::Message message, const Stamp& arrival);

 private:
  drivers::mqtt::Interpreter interpreter_;
};

/// Some lines, each with its end.
std::string to_text(const ReadMessage& read);
/// One object, without an end of the line.
std::string to_json(const ReadMessage& read);

}  // namespace fieldpost
