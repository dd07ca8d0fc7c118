#include "tests/bench/gateway.h"

#include <csignal>
#include <sstream>
#include <stdexcept>

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

std::string configuration(const GatewayOptions& options, const Field& field) {
  std::ostringstream text;
  text << "[agent]\nid = \"gw-bench\"\nsite = \"bench\"\nclock = \"trusted\"\n[buffer]\npath = "
          "\"queue.db\"\n[kafka]\nbrokers = [\""
       << options.brokers << "\"]\ntopic = \"" << options.topic << "\"\n"
       << options.kafka << options.more;
  int pump = 0;
  for (int link = 0; link < options.links; ++link) {
    const bool dead = link >= options.slow && link < options.slow + options.dead;
    text << "[[modbus]]\nname = \"plc-" << link << "\"\nurl = \"" << (dead ? field.dead_url(link) : field.url(link))
         << "\"\n";
    for (int unit = 1; unit <= options.devices; ++unit) {
      text << "[[modbus.device]]\nname = \"pump-" << ++pump << "\"\nunit = " << unit
           << "\nmap = \"map.toml\"\nevery = \"" << options.every << "\"\n";
    }
  }
  return text.str();
}

}  // namespace

Gateway::Gateway(const GatewayOptions& options, bool link) : field_(options.links, options.slow) {
  dir_.write("map.toml", device_map(options.points));
  file_ = dir_.write("fieldpost.toml", configuration(options, field_));
  agent_.emplace(support::ProcessOptions{{FIELDPOST_BINARY, "-c", file_, "run"}, {}, {}});
  const bool runs = support::eventually(60s, [&] {
    const auto now = try_status();
    return now && (*now)["account"]["read"] > 0 && (!link || (*now)["link"]["state"] == "up");
  });
  if (!runs) throw std::runtime_error("the agent does not run: " + agent_->err());
}

std::optional<nlohmann::json> Gateway::try_status() const {
  const support::Finished told = support::run({{FIELDPOST_BINARY, "-c", file_, "status", "--json"}, {}, {}});
  // 1: degraded, as without a link; nothing said: asked more often than the agent answers
  if (told.status.code > 1 || told.out.empty()) return {};
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
