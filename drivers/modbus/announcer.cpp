#include "drivers/modbus/announcer.h"

#include <array>
#include <nlohmann/json.hpp>

namespace fieldpost::drivers::modbus {
namespace {

using Json = nlohmann::ordered_json;

/// The members of an object, without its braces.
Event event(const Json& object) {
  const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  return {text.substr(1, text.size() - 2)};
}

Layout own(const std::string& agent, std::string point) {
  return {"self", agent, {{std::move(point), ""}}, Lane::alarm};
}

}  // namespace

Announcer::Announcer(const std::string& agent, const std::string& device)
    : device_(device), state_layout_(own(agent, "state/" + device)), overrun_layout_(own(agent, "overrun")) {}

void Announcer::state(Queue& queue, const Stamp& stamp, State state, const std::string& reason) {
  if (state == said_) return;
  said_ = state;
  Json object{{"value", to_string(state)}};
  if (!reason.empty()) object["reason"] = reason;
  queue.append(state_layout_, stamp, std::array<Value, 1>{event(object)});
}

void Announcer::overrun(Queue& queue, const Stamp& stamp, Time now, std::uint64_t periods) {
  constexpr std::chrono::minutes apart{1};
  unsaid_ += periods;
  if (unsaid_ == 0 || now < not_before_) return;
  queue.append(overrun_layout_, stamp, std::array<Value, 1>{event({{"value", unsaid_}, {"subject", device_}})});
  unsaid_ = 0;
  not_before_ = now + apart;
}

}  // namespace fieldpost::drivers::modbus
