// What a broker's rules make of its messages: which decoder a rule takes is known here alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/mqtt/decoded.h"
#include "drivers/mqtt/message.h"
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/series.h"
#include "drivers/mqtt/sparkplug/host.h"

namespace fieldpost::drivers::mqtt {

/// What one rule makes of a message.
struct Interpreted {
  const config::MqttRule* rule;
  const Layout* layout = nullptr;  // where the topic alone gives the names: those of `said`; null: `decoded` has all
  Said said{};
  Decoded decoded{};

  const std::string& problem() const { return layout != nullptr ? said.problem : decoded.problem; }
};

/// The message is to be kept whole, as a rejected reading: bad readings of it are not to be sent.
inline bool kept(const Interpreted& made) {
  return made.rule->keep_bad && !made.problem().empty();
}

/// The readings to be sent with their names, wherever those come from.
Decoded in_full(const Interpreted& made);

/// Remembers from message to message what topics give, and what Sparkplug's births say. One thread at a time.
class Interpreter {
 public:
  /// `broker` outlives it. `asks`: whether it asks for Sparkplug's births, see sparkplug::Host.
  Interpreter(const config::MqttBroker& broker, bool asks);

  /// Whether the topic is of a rule.
  bool names(std::string_view topic) { return !cache_.of(topic).empty(); }

  /// False: the message's other rules are left out.
  using Use = std::function<bool(const Interpreted& made)>;

  /// Calls `use` for each rule that takes the message, in their order; what it is given is valid during the call. What
  /// the message gave cause to ask for, where all rules were used.
  std::optional<Request> read(const Message& message, const Stamp& arrival, const Use& use);

  /// The next request that is due by time alone. To be called now and then, again until there is none.
  std::optional<Request> remind(const Stamp& now);

 private:
  using Delivery = std::pair<std::uint32_t, std::size_t>;  // subscription, and hash of the message

  bool told(const Message& message);
  void expect(std::uint32_t subscription, const Message& message);
  void leave_to_others(Decoded& decoded) const;

  const config::MqttBroker& broker_;
  SeriesCache cache_;
  sparkplug::Host host_;
  // Messages of Sparkplug come in an order that tells something, so all rules hear each at its first delivery. These
  // are the deliveries that are still to come, the oldest first.
  std::deque<Delivery> expected_;
};

}  // namespace fieldpost::drivers::mqtt
