#include "tests/support/ground.h"

#include <algorithm>
#include <stdexcept>

namespace fieldpost::support {

bool Ground::read_until(const std::function<bool()>& predicate, std::chrono::milliseconds at_most) {
  return reader_.read_until(
      [&](const std::vector<Record>& records) {
        while (arrivals_.size() < records.size())
          take(records[arrivals_.size()]);
        return predicate();
      },
      at_most);
}

std::set<std::uint64_t> Ground::sessions() const {
  std::set<std::uint64_t> sessions;
  for (const auto& [identity, place] : first_)
    sessions.insert(identity.first);
  return sessions;
}

const std::set<std::uint64_t>& Ground::numbers(const std::string& device, const std::string& point) const {
  static const std::set<std::uint64_t> none;
  const auto found = numbers_.find({device, point});
  return found == numbers_.end() ? none : found->second;
}

std::map<std::string, std::size_t> Ground::bad(const std::string& device) const {
  std::map<std::string, std::size_t> reasons;
  for (const Arrival& arrival : arrivals_) {
    if (arrival.record["device"] == device && arrival.record["quality"] == "bad") ++reasons[arrival.record["reason"]];
  }
  return reasons;
}

void Ground::take(const Record& record) {
  Arrival arrival;
  arrival.record = nlohmann::json::parse(record.value);
  arrival.session = arrival.record.at("session");
  arrival.seq = arrival.record.at("seq");
  arrival.key = record.key.value_or("");
  arrival.partition = record.partition;
  arrival.backfill = record.headers.contains("backfill");
  const std::string id = arrival.record.at("agent").get<std::string>() + "/" + std::to_string(arrival.session) + "/" +
                         std::to_string(arrival.seq);
  if (record.headers.at("id") != id) throw std::runtime_error(record.headers.at("id") + " holds " + record.value);
  const nlohmann::json& value = arrival.record.at("value");
  if (value.is_number_unsigned())
    numbers_[{arrival.record.at("device"), arrival.record.at("point")}].insert(value.get<std::uint64_t>());
  const auto [first, is_new] = first_.try_emplace({arrival.session, arrival.seq}, arrivals_.size());
  if (is_new) {
    note_order(arrival);
    latest_ = std::max(latest_, record.read_at - record.timestamp);
  }
  if (arrivals_.size() > first->second && arrivals_[first->second].record != arrival.record) {
    throw std::runtime_error(id + " arrived with two contents: " + record.value);
  }
  arrivals_.push_back(std::move(arrival));
}

void Ground::note_order(const Arrival& arrival) {
  Order& order = orders_[arrival.key];
  const bool same = arrival.session == order.session;
  if (order.past.contains(arrival.session) || (same && arrival.seq < order.seq)) {
    disorder_.push_back(arrival.key + ": " + std::to_string(arrival.session) + "/" + std::to_string(arrival.seq) +
                        " behind " + std::to_string(order.session) + "/" + std::to_string(order.seq));
    return;
  }
  if (!same) order.past.insert(order.session);
  order.session = arrival.session;
  order.seq = arrival.seq;
}

}  // namespace fieldpost::support
