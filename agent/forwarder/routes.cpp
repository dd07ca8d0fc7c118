#include "agent/forwarder/routes.h"

namespace fieldpost {

Routes::Number Routes::number(std::uint32_t topic, std::int32_t partition, std::string_view name) {
  if (numbers_.size() <= topic) numbers_.resize(topic + 1);
  std::vector<Number>& of_topic = numbers_[topic];
  const auto place = static_cast<std::size_t>(std::int64_t{partition} + 1);
  if (of_topic.size() <= place) of_topic.resize(place + 1);
  if (of_topic[place] == 0) {
    Route& route = routes_.emplace_back();
    route.topic = name;
    route.topic_number = topic;
    route.partition = partition;
    of_topic[place] = static_cast<Number>(routes_.size());
  }
  return of_topic[place] - 1;
}

bool Routes::undecided(const Route& route) const {
  if (route.partition < 0) return false;
  const Number unknown = numbers_[route.topic_number][0];
  return unknown != 0 && routes_[unknown - 1].flight.messages > 0;
}

}  // namespace fieldpost
