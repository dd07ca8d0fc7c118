#include "agent/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/text.h"

namespace fieldpost {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(std::int64_t wall) {
  return wall == 0 ? Json() : Json(rfc3339(wall));
}
Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}
Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

double seconds(std::int64_t micros) {
  return static_cast<double>(micros) / 1e6;
}

Json problems_json(const std::vector<Problem>& problems) {
  Json list = Json::array();
  for (const auto& problem : problems) {
    list.push_back({{"code", problem.code},
                    {"object", problem.object},
                    {"message", problem.message},
                    {"remedy", problem.remedy},
                    {"since", time_or_null(problem.since)}});
  }
  return list;
}

Json link_json(const LinkStatus& link) {
  return {{"state", to_string(link.state)},          {"since", time_or_null(link.since)},
          {"error", text_or_null(link.error)},       {"brokers_up", link.brokers_up},
          {"ack_p50", number_or_null(link.ack_p50)}, {"ack_p99", number_or_null(link.ack_p99)},
          {"delivered_per_s", link.delivered_per_s}};
}

Json previous_json(const std::optional<Previous>& previous) {
  if (!previous) return {};
  return {{"session", previous->session}, {"end", previous->clean ? "clean" : "crash"}, {"last", previous->last}};
}

Json account_json(const Account& account) {
  return {{"read", account.read},
          {"delivered", account.delivered},
          {"waiting", account.waiting},
          {"rejected", account.rejected},
          {"evicted", account.evicted}};
}

Json evicted_json(const QueueHealth& queue) {
  Json list = Json::array();
  for (const auto& [reason, evictions] : queue.evictions) {
    list.push_back({{"reason", reason}, {"readings", evictions.readings}, {"last", time_or_null(evictions.last)}});
  }
  return list;
}

Json queue_json(const QueueHealth& queue) {
  const bool any = queue.account.waiting > 0;
  return {{"waiting", queue.account.waiting},
          {"parked", queue.parked},
          {"bytes", queue.waiting_bytes},
          {"memory_bytes", queue.memory_bytes},
          {"max_memory_bytes", nullptr},
          {"disk_bytes", queue.disk_bytes},
          {"max_bytes", queue.max_bytes},
          {"oldest_age", any ? Json(seconds(queue.oldest_age)) : Json()},
          {"full_in", nullptr},
          {"full", queue.full},
          {"commits", queue.commits},
          {"lanes", Json::array({{{"name", "alarm"}, {"waiting", queue.waiting_alarm}},
                                 {{"name", "telemetry"}, {"waiting", queue.waiting_telemetry}}})},
          {"evicted", evicted_json(queue)}};
}

Json device_json(const drivers::DeviceHealth& device) {
  return {{"name", device.name},
          {"state", drivers::to_string(device.state)},
          {"last_reading", time_or_null(device.last_reading)},
          {"error", text_or_null(device.error)},
          {"polls", device.polls},
          {"errors", device.errors},
          {"timeouts", device.timeouts},
          {"overruns", device.overruns},
          {"lateness_p99", device.lateness_p99}};
}

Json source_json(const SourceStatus& source) {
  const auto& health = source.health;
  Json devices = Json::array();
  for (const auto& device : health.devices)
    devices.push_back(device_json(device));
  return {{"name", health.name},
          {"driver", health.driver},
          {"url", health.url},
          {"state", drivers::to_string(health.state)},
          {"since", time_or_null(health.since)},
          {"error", text_or_null(health.error)},
          {"readings", health.readings},
          {"readings_per_s", source.readings_per_s},
          {"bad_payloads", health.bad_payloads},
          {"last_bad_payload", text_or_null(health.last_bad_payload)},
          {"last_bad_rule", text_or_null(health.last_bad_rule)},
          {"last_bad_remedy", text_or_null(health.last_bad_remedy)},
          {"unasked", health.unasked},
          {"last_unasked", text_or_null(health.last_unasked)},
          {"unasked_remedy", text_or_null(health.unasked_remedy)},
          {"lost_sessions", health.lost_sessions},
          {"lost_remedy", text_or_null(health.lost_remedy)},
          {"unacknowledged", health.unacknowledged},
          {"devices", std::move(devices)},
          {"unlisted", health.unlisted}};
}

// Names come from topics and devices, so not every byte of them need be UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

const char* to_string(LinkStatus::State state) {
  switch (state) {
    case LinkStatus::State::up:
      return "up";
    case LinkStatus::State::down:
      return "down";
    case LinkStatus::State::connecting:
      break;
  }
  return "connecting";
}

std::string unlisted_text(std::size_t listed, std::uint64_t unlisted) {
  return "more than " + grouped(listed) + " devices: the others are taken and not listed, with " + grouped(unlisted) +
         " readings so far; where there should be fewer, look at what device is made of in the rules, and at who may "
         "publish";
}

std::string lost_sessions_text(std::uint64_t lost) {
  return "the broker had forgotten the agent's session" + (lost == 1 ? "" : ", " + grouped(lost) + " times") +
         ": what it kept for it meanwhile is lost";
}

std::string to_json(const Status& status) {
  Json sources = Json::array();
  for (const auto& source : status.sources)
    sources.push_back(source_json(source));
  Json queue = queue_json(status.queue);
  queue["max_memory_bytes"] = status.max_memory;
  queue["full_in"] = number_or_null(status.full_in);
  return line({{"agent", status.agent},
               {"version", status.version},
               {"session", status.queue.session},
               {"pid", status.pid},
               {"uptime", status.uptime},
               {"link", link_json(status.link)},
               {"problems", problems_json(status.problems)},
               {"clock", text_or_null(status.clock)},
               {"commit_duration_p99", status.queue.commits == 0 ? Json() : Json(status.queue.commit_duration_p99)},
               {"previous", previous_json(status.queue.previous)},
               {"queue", std::move(queue)},
               {"account", account_json(status.queue.account)},
               {"sources", std::move(sources)}});
}

std::string to_json(const StoredState& stored, std::uint64_t max_size, const std::string& version, std::int64_t now) {
  QueueHealth queue;
  queue.max_bytes = max_size;
  queue.account = account_of(stored.account);
  queue.waiting_alarm = stored.account.waiting_alarm;
  queue.waiting_telemetry = stored.account.waiting_telemetry;
  queue.waiting_bytes = stored.account.waiting_bytes;
  queue.disk_bytes = stored.disk_bytes;
  queue.oldest_age = std::max<std::int64_t>(0, now - stored.oldest.value_or(now));
  if (stored.last) queue.previous = Previous{stored.last->info.id, stored.last->clean, stored.last->last};
  Json queue_part = queue_json(queue);
  queue_part["memory_bytes"] = nullptr;
  queue_part["commits"] = nullptr;
  queue_part["full"] = nullptr;
  queue_part["evicted"] = nullptr;
  return line({{"agent", stored.last ? Json(stored.last->info.agent) : Json()},
               {"version", version},
               {"session", nullptr},
               {"pid", nullptr},
               {"uptime", nullptr},
               {"link", nullptr},
               {"problems", Json::array()},
               {"clock", nullptr},
               {"commit_duration_p99", nullptr},
               {"previous", previous_json(queue.previous)},
               {"queue", std::move(queue_part)},
               {"account", account_json(queue.account)},
               {"sources", Json::array()}});
}

Account account_of(const StoredAccount& stored) {
  return {stored.read(), stored.delivered, stored.waiting(), stored.rejected, stored.evicted};
}

std::string to_string(const Account& account) {
  return "read " + grouped(account.read) + " = delivered " + grouped(account.delivered) + " + waiting " +
         grouped(account.waiting) + " + rejected " + grouped(account.rejected) + " + evicted " +
         grouped(account.evicted);
}

}  // namespace fieldpost
