#include "agent/demo/agent_process.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "agent/control.h"
#include "agent/demo/plant.h"

namespace fieldpost::demo {
namespace {

using Json = nlohmann::json;

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

std::string modbus_section(std::uint16_t port) {
  std::string text = "\n[[modbus]]\nname    = \"plant\"\nurl     = \"tcp://127.0.0.1:" + std::to_string(port) +
                     "\"\ntimeout = \"2s\"\n";
  int unit = 0;
  for (const auto& pump : Plant::pumps()) {
    text += "  [[modbus.device]]\n  name  = \"" + pump + "\"\n  unit  = " + std::to_string(++unit) +
            "\n  map   = \"pump.toml\"\n  every = \"100ms\"\n";
  }
  return text;
}

std::string mqtt_rule(const std::string& point, const std::string& unit) {
  return "  [[mqtt.subscribe]]\n  topic   = \"yard/+/state\"\n  qos     = 1\n  payload = \"json\"\n"
         "  device  = \"{1}\"\n  point   = \"" +
         point + "\"\n  value   = \"/" + point + "\"\n" + (unit.empty() ? "" : "  unit    = \"" + unit + "\"\n");
}

std::string configuration(const AgentOptions& options) {
  std::string text = "[agent]\nid   = \"gw-demo\"\nsite = \"demo\"\n\n[buffer]\npath = \"" + options.folder +
                     "/queue.db\"\n\n[kafka]\nbrokers = [\"" + options.brokers + "\"]\ntopic   = \"" + options.topic +
                     "\"\n" + modbus_section(options.modbus_port);
  if (options.mqtt_port) {
    text += "\n[[mqtt]]\nname = \"yard\"\nurl  = \"mqtt://127.0.0.1:" + std::to_string(*options.mqtt_port) + "\"\n" +
            mqtt_rule("power", "W") + mqtt_rule("number", "");
  }
  return text;
}

std::optional<double> number(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

}  // namespace

AgentProcess::AgentProcess(const AgentOptions& options) : database_(options.folder + "/queue.db") {
  write(options.folder + "/pump.toml", Plant::device_map());
  const std::string file = options.folder + "/fieldpost.toml";
  write(file, configuration(options));
  child_ = std::make_unique<Child>(std::vector<std::string>{"/proc/self/exe", "-c", file, "run"},
                                   options.folder + "/agent.log");
}

std::optional<Glimpse> AgentProcess::look() {
  if (child_->wait(std::chrono::milliseconds{0}))
    throw std::runtime_error("the agent ended:\n" + child_->last_output());
  const Answer answer = ask(control_path(database_), {"status"}, std::chrono::milliseconds{900});
  const Json status = Json::parse(answer.text, nullptr, false);
  if (answer.kind != Answer::Kind::answered || !status.is_object() || !status.contains("link")) return std::nullopt;
  Glimpse glimpse;
  const Json& link = status["link"];
  glimpse.link = link.value("state", "");
  glimpse.link_up = glimpse.link == "up";
  glimpse.ack_p50 = number(link.value("ack_p50", Json()));
  glimpse.ack_p99 = number(link.value("ack_p99", Json()));
  glimpse.read = status["account"].value("read", std::uint64_t{0});
  glimpse.waiting = status["account"].value("waiting", std::uint64_t{0});
  glimpse.sources_up = true;
  for (const auto& source : status["sources"]) {
    if (source.value("state", "") != "up") glimpse.sources_up = false;
    if (source.value("driver", "") == "mqtt") glimpse.mqtt_readings += source.value("readings", std::uint64_t{0});
  }
  return glimpse;
}

void AgentProcess::stop() {
  child_->terminate();
  const auto code = child_->wait(std::chrono::seconds{10});
  if (!code) throw std::runtime_error("the agent does not end on SIGTERM:\n" + child_->last_output());
  if (*code != 0) {
    throw std::runtime_error("the agent ended with exit code " + std::to_string(*code) + ":\n" + child_->last_output());
  }
}

}  // namespace fieldpost::demo
