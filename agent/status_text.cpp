#include "agent/status_text.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "agent/status.h"
#include "agent/text.h"

namespace fieldpost {
namespace {

using Json = nlohmann::ordered_json;

// A field that is absent or null reads as nothing, so that an older agent's answer can be shown.
const Json& field(const Json& object, const char* name) {
  static const Json null;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? null : *found;
}

std::string text(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_string() ? printable(value.get<std::string>()) : std::string();
}

double number(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

std::uint64_t count(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

class Renderer {
 public:
  Renderer(const Json& status, std::int64_t now, bool colour) : status_(status), now_(now), colour_(colour) {}

  StatusText render() {
    result_.running = !field(status_, "pid").is_null();
    heading();
    problems();
    link();
    queue();
    sources();
    return std::move(result_);
  }

 private:
  void line(const std::string& text) { result_.text += text + "\n"; }

  std::string painted(const std::string& word, const char* code) const {
    return colour_ ? "\033[" + std::string(code) + "m" + word + "\033[0m" : word;
  }

  // Padded before it is painted: a terminal does not count what colours.
  std::string state(std::string word, std::size_t width = 0) {
    if (word != "up") result_.degraded = true;
    const char* code = word == "up" ? "32" : word == "down" ? "1;31" : "33";
    word.resize(std::max(width, word.size()), ' ');
    return painted(word, code);
  }

  std::string ago(const std::string& time) const {
    const std::int64_t wall = parse_rfc3339(time);
    return wall == 0 ? "" : duration_text(static_cast<double>(std::max<std::int64_t>(0, now_ - wall)) / 1e6);
  }

  std::string since(const Json& object) const {
    const std::string time = ago(text(object, "since"));
    return time.empty() ? "" : " for " + time;
  }

  void heading() {
    std::string first = "agent    " + text(status_, "agent") + ", fieldpost " + text(status_, "version");
    if (result_.running) {
      first += ", pid " + std::to_string(count(status_, "pid")) + ", up " + duration_text(number(status_, "uptime")) +
               ", session " + std::to_string(count(status_, "session"));
    } else {
      first += ", " + painted("not running", "1;31");
    }
    line(first);
    const Json& previous = field(status_, "previous");
    if (!previous.is_null()) {
      const bool clean = text(previous, "end") == "clean";
      line((result_.running ? "before   session " : "session  ") + std::to_string(count(previous, "session")) +
           (clean ? " ended in order at seq " : " ended without a stop (killed, crash, power), known up to seq ") +
           grouped(count(previous, "last")));
    }
  }

  void problems() {
    for (const auto& problem : field(status_, "problems")) {
      result_.degraded = true;
      line(painted("PROBLEM", "1;31") + "  " + text(problem, "code") + " " + text(problem, "object") + since(problem) +
           ": " + text(problem, "message"));
      line("         remedy: " + text(problem, "remedy"));
    }
  }

  void link() {
    const Json& link = field(status_, "link");
    if (link.is_null()) return;
    const bool up = text(link, "state") == "up";
    std::string first = "link     " + state(text(link, "state")) + since(link);
    if (const auto error = text(link, "error"); !error.empty()) first += ": " + error;
    line(first);
    if (!up) return line("         readings wait in the buffer and are sent when a broker of kafka.brokers answers");
    std::string second = "         brokers up " + std::to_string(count(link, "brokers_up")) + ", delivered " +
                         rate(number(link, "delivered_per_s"));
    if (!field(link, "ack_p50").is_null()) {
      second += ", acknowledged in " + duration_text(number(link, "ack_p50")) + " (p99 " +
                duration_text(number(link, "ack_p99")) + ")";
    }
    line(second);
  }

  static std::string rate(double per_second) {
    if (per_second > 0 && per_second < 9.95) return std::to_string(per_second + 0.05).substr(0, 3) + "/s";
    return grouped(static_cast<std::uint64_t>(std::llround(per_second))) + "/s";
  }

  void queue() {
    const Json& queue = field(status_, "queue");
    std::string first = "waiting  " + grouped(count(queue, "waiting")) + " readings";
    if (count(queue, "waiting") > 0) {
      first += ", " + size_text(count(queue, "bytes")) + ", oldest " + duration_text(number(queue, "oldest_age"));
      for (const auto& lane : field(queue, "lanes")) {
        if (text(lane, "name") == "alarm" && count(lane, "waiting") > 0) {
          first += ", " + grouped(count(lane, "waiting")) + " of them alarms";
        }
      }
      if (count(queue, "parked") > 0) first += ", " + grouped(count(queue, "parked")) + " parked";
    }
    line(first);
    space(queue);
    for (const auto& evicted : field(queue, "evicted")) {
      line("evicted  " + grouped(count(evicted, "readings")) + " readings since the start, reason " +
           text(evicted, "reason") + ", the last " + ago(text(evicted, "last")) + " ago");
    }
    const Json& account = field(status_, "account");
    line("account  " + to_string(Account{count(account, "read"), count(account, "delivered"), count(account, "waiting"),
                                         count(account, "rejected"), count(account, "evicted")}));
  }

  void space(const Json& queue) {
    std::string disk = "         on disk " + size_text(count(queue, "disk_bytes"));
    if (const auto most = count(queue, "max_bytes"); most > 0) {
      disk += " of " + size_text(most) + " (" + std::to_string(count(queue, "disk_bytes") * 100 / most) + " %)";
    }
    if (const Json& full_in = field(queue, "full_in"); full_in.is_number()) {
      disk += ", full in " + duration_text(full_in.get<double>()) + " at the present rate";
    }
    line(disk);
    if (!result_.running) return;
    std::string memory = "         in RAM " + size_text(count(queue, "memory_bytes"));
    if (const auto most = count(queue, "max_memory_bytes"); most > 0) memory += " of " + size_text(most);
    if (const Json& commit = field(status_, "commit_duration_p99"); commit.is_number()) {
      memory += ", a commit takes " + duration_text(commit.get<double>()) + " (p99)";
    }
    line(memory);
  }

  void sources() {
    std::size_t width = 8;
    for (const auto& source : field(status_, "sources")) {
      width = std::max(width, text(source, "name").size());
      for (const auto& device : field(source, "devices"))
        width = std::max(width, text(device, "name").size() + 2);
    }
    width = std::min<std::size_t>(width, 40);
    for (const auto& source : field(status_, "sources")) {
      line("");
      source_line(source, width);
      const Json& devices = field(source, "devices");
      for (const auto& device : devices)
        device_line(device, width, text(source, "driver") == "mqtt");
      if (const auto unlisted = count(source, "unlisted"); unlisted > 0) {
        line("  " + painted(unlisted_text(devices.size(), unlisted), "33"));
      }
    }
  }

  static std::string padded(std::string name, std::size_t width) {
    name.resize(std::max(width, name.size()), ' ');
    return name;
  }

  void source_line(const Json& source, std::size_t width) {
    std::string first = padded(text(source, "name"), width) + "  " + state(text(source, "state"), 10) + since(source) +
                        ", " + rate(number(source, "readings_per_s")) + ", " + text(source, "driver");
    if (const auto url = text(source, "url"); !url.empty()) first += " " + url;
    if (const auto error = text(source, "error"); !error.empty()) first += ": " + error;
    line(first);
    if (const auto waiting = count(source, "unacknowledged"); waiting > 0) {
      line("  " + grouped(waiting) + (waiting == 1 ? " message" : " messages") +
           " not acknowledged yet: the broker keeps them until their readings are safe");
    }
    if (const auto lost = count(source, "lost_sessions"); lost > 0) {
      line("  " + painted(lost_sessions_text(lost), "33"));
      line("    remedy: " + text(source, "lost_remedy"));
    }
    if (const auto bad = count(source, "bad_payloads"); bad > 0) {
      line("  " + painted(grouped(bad) + (bad == 1 ? " message" : " messages") + " with a problem", "33") +
           ", the last: " + text(source, "last_bad_payload"));
      line("    rule: " + text(source, "last_bad_rule"));
      line("    remedy: " + text(source, "last_bad_remedy"));
    }
    if (const auto unasked = count(source, "unasked"); unasked > 0) {
      line("  " + painted(grouped(unasked) + (unasked == 1 ? " message" : " messages") + " that no rule names", "33") +
           ", the last: " + text(source, "last_unasked"));
      line("    remedy: " + text(source, "unasked_remedy"));
    }
  }

  void device_line(const Json& device, std::size_t width, bool listens) {
    std::string first = padded("  " + text(device, "name"), width) + "  " + state(text(device, "state"), 10);
    if (const auto error = text(device, "error"); !error.empty()) first += " " + error + ",";
    const auto last = ago(text(device, "last_reading"));
    first += last.empty() ? " no reading yet" : " last reading " + last + " ago";
    if (const auto polls = count(device, "polls"); polls > 0) {
      first += (listens ? ", messages " : ", polls ") + grouped(polls);
    }
    if (const auto errors = count(device, "errors"); errors > 0) {
      first += ", failed " + grouped(errors);
      if (!listens) first += " (time-outs " + grouped(count(device, "timeouts")) + ")";
    }
    if (const auto skipped = count(device, "overruns"); skipped > 0) first += ", periods skipped " + grouped(skipped);
    line(first);
  }

  const Json& status_;
  std::int64_t now_;
  bool colour_;
  StatusText result_;
};

}  // namespace

StatusText render_status(const std::string& json, std::int64_t now, bool colour) {
  const Json status = Json::parse(json, nullptr, false);
  if (!status.is_object() || !status.contains("queue")) {
    const std::string error = text(status, "error");
    throw std::runtime_error(error.empty() ? "the agent's answer is no status" : error);
  }
  return Renderer(status, now, colour).render();
}

}  // namespace fieldpost
