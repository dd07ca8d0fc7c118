#include "drivers/mqtt/kept_subscriptions.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

using Json = nlohmann::json;
using Filters = std::map<std::string, std::vector<std::string>>;

std::string key(const config::MqttBroker& broker) {
  return broker.client_id + " " + address(broker.url);
}

Filters read(const std::filesystem::path& file) {
  std::ifstream in(file);
  const Json json = Json::parse(in, nullptr, false);
  try {
    return json.is_object() ? json.get<Filters>() : Filters();
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace

KeptSubscriptions::KeptSubscriptions(std::filesystem::path file) : file_(std::move(file)), filters_(read(file_)) {}

std::vector<std::string> KeptSubscriptions::of(const config::MqttBroker& broker) const {
  const std::lock_guard lock(mutex_);
  const auto found = filters_.find(key(broker));
  return found == filters_.end() ? std::vector<std::string>() : found->second;
}

void KeptSubscriptions::set(const config::MqttBroker& broker, std::vector<std::string> filters) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string>& kept = filters_[key(broker)];
  if (kept == filters) return;
  kept = std::move(filters);
  const std::filesystem::path next = file_.string() + ".new";
  std::ofstream out(next);
  out << Json(filters_).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  out.close();
  std::error_code ignored;
  if (out) std::filesystem::rename(next, file_, ignored);
}

}  // namespace fieldpost::drivers::mqtt
