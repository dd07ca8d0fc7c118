#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/cli/progress.h"
#include "agent/cli/reading_source.h"
#include "agent/cli/verbs.h"

namespace fieldpost::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds apart{60};  // the agent takes 20 requests a second

struct Asked {
  bool answered = false;
  std::string reason;  // the exception that it answered
  std::string error;   // the link itself is of no use
};

/// The exception came from the unit, not from a gateway that has not found it.
bool from_unit(const std::string& reason) {
  const auto others = {"timeout",
                       "disconnected",
                       "wrong answer",
                       "illegal unit",
                       "gateway path unavailable",
                       "gateway target device failed to respond"};
  return std::find(others.begin(), others.end(), reason) == others.end();
}

Asked ask_unit(const config::Config& config, const config::ModbusLink& link, int unit) {
  drivers::ReadOrder order;
  order.device = link.name;
  order.unit = unit;
  order.raw = config::RegisterRange{config::Table::holding, 0, 0};
  const Json reading = Json::parse(reading_json(config, link, order), nullptr, false);
  Asked asked;
  if (!reading.is_object() || !reading.contains("points")) {
    asked.error = reading.is_object() ? reading.value("error", "no answer") : "no answer";
    return asked;
  }
  // A connection that is lost over one unit can be had again for the next; one that cannot be made is none for all.
  if (const std::string error = reading.value("error", "");
      reading["points"].empty() && error.starts_with("cannot connect")) {
    asked.error = error;
    return asked;
  }
  for (const Json& point : reading["points"]) {
    if (point["reason"].is_string()) asked.reason = point["reason"].get<std::string>();
    asked.answered = point["quality"] == "good" || from_unit(asked.reason);
  }
  return asked;
}

}  // namespace

int scan(const Args& args, const config::Config& config, const config::ModbusLink& link) {
  constexpr int last_unit = 247;
  const bool json = args.has("--json");
  Json units = Json::array();
  {
    Progress progress(::isatty(STDERR_FILENO) == 1, "units");
    auto next = std::chrono::steady_clock::now();
    for (int unit = 1; unit <= last_unit; ++unit) {
      std::this_thread::sleep_until(next);
      next = std::max(next, std::chrono::steady_clock::now()) + apart;
      progress.update(static_cast<std::uint64_t>(unit), last_unit);
      const Asked asked = ask_unit(config, link, unit);
      if (!asked.error.empty()) {
        std::cerr << "fieldpost: " << link.name << " (" << link.url.text << "): " << asked.error << "\n";
        return failed;
      }
      if (asked.answered)
        units.push_back({{"unit", unit}, {"reason", asked.reason.empty() ? Json() : Json(asked.reason)}});
    }
  }
  if (json) {
    std::cout << Json{{"link", link.name}, {"units", units}}.dump() << "\n";
    return fine;
  }
  for (const Json& unit : units) {
    std::cout << "unit " << unit["unit"];
    if (unit["reason"].is_string()) std::cout << "  (" << unit["reason"].get<std::string>() << " for holding:0)";
    std::cout << "\n";
  }
  std::cout << link.name << ", " << link.url.text << ": " << units.size() << " of " << last_unit
            << " unit ids answer\n";
  return fine;
}

}  // namespace fieldpost::cli
