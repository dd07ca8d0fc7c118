#include "tests/bench/gateway.h"

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

std::string device_map(int points) {
  std::ostringstream text;
  text << "model = \"bench\"\n";
  for (int point = 0; point < points; ++point) {
    text << "[[point]]\nname = \"value-" << point << "\"\nregister = \"holding:" << point
         << "\"\ntype = \"uint16\"\nscale = 0.01\nunit = \"bar\"\n";
  }
  return text.str();
}

std::string configuration(const GatewayOptions& options, const std::string& url) {
  std::ostringstream text;
  text << "[agent]\nid = \"gw-bench\"\nsite = \"bench\"\nclock = \"trusted\"\n[buffer]\npath = "
          "\"queue.db\"\n[kafka]\nbrokers = [\""
       << options.brokers << "\"]\ntopic = \"" << options.topic << "\"\n"
       << options.kafka << options.more;
  int unit = 0;
  for (int link = 0; link < options.links; ++link) {
    text << "[[modbus]]\nname = \"plc-" << link << "\"\nurl = \"" << url << "\"\n";
    for (int device = 0; device < options.devices; ++device) {
      ++unit;
      text << "[[modbus.device]]\nname = \"pump-" << unit << "\"\nunit = " << unit << "\nmap = \"map.toml\"\nevery = \""
           << options.every << "\"\n";
    }
  }
  return text.str();
}

std::vector<std::uint16_t> registers(int unit, int count) {
  std::vector<std::uint16_t> values(static_cast<std::size_t>(count));
  for (int at = 0; at < count; ++at)
    values[static_cast<std::size_t>(at)] = static_cast<std::uint16_t>(unit * 7919 + at * 257);
  return values;
}

}  // namespace

Gateway::Gateway(const GatewayOptions& options, bool link) {
  for (int unit = 1; unit <= options.links * options.devices; ++unit)
    equipment_.set(unit, config::Table::holding, 0, registers(unit, options.points));
  dir_.write("map.toml", device_map(options.points));
  file_ = dir_.write("fieldpost.toml", configuration(options, server_.url()));
  agent_.emplace(support::ProcessOptions{{FIELDPOST_BINARY, "-c", file_, "run"}, {}, {}});
  const bool runs = support::eventually(60s, [&] {
    const auto now = try_status();
    return now && (*now)["account"]["read"] > 0 && (!link || (*now)["link"]["state"] == "up");
  });
  if (!runs) throw std::runtime_error("the agent does not run: " + agent_->err());
}

std::optional<nlohmann::json> Gateway::try_status() const {
  const support::Finished told = support::run({{FIELDPOST_BINARY, "-c", file_, "status", "--json"}, {}, {}});
  if (told.status.code > 1) return {};  // 1: degraded, as without a link
  return nlohmann::json::parse(told.out);
}

nlohmann::json Gateway::status() const {
  auto now = try_status();
  if (!now) throw std::runtime_error("the agent does not answer: " + agent_->err());
  return *now;
}

void Gateway::stop() {
  agent_->kill(SIGTERM);
  if (!agent_->wait(20s)) throw std::runtime_error("the agent does not stop: " + agent_->err());
}

double Gateway::readings() const {
  return status()["account"]["read"].get<double>();
}

}  // namespace fieldpost::bench
