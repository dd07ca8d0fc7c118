// The ways to the partitions, as far as one producer knows them. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "agent/forwarder/outbox.h"
#include "agent/forwarder/window.h"

namespace fieldpost {

/// To one partition of one topic; -1 is where records go while the topic's partitions are not known.
struct Route {
  std::string topic;
  std::uint32_t topic_number = 0;  // the producer's
  std::int32_t partition = -1;
  Flight flight;
  Outbox first;                     // goes before what is in `second`
  Outbox second;                    // the backlog, where live readings go first
  Flight::Time sending_time_until;  // its records have the time of sending, as the broker refuses that of the readings
  bool parked = false;              // its readings wait, out of the way
  bool listed = false;              // in Routes::waiting
};

class Routes {
 public:
  using Number = std::uint32_t;

  /// `topic`: the producer's number of it, and its name.
  Number number(std::uint32_t topic, std::int32_t partition, std::string_view name);
  /// Records of the route's topic are on their way to a partition that nobody knows yet: it may be this one.
  bool undecided(const Route& route) const;
  Route& operator[](Number number) { return routes_[number]; }
  const Route& operator[](Number number) const { return routes_[number]; }
  std::deque<Route>& all() { return routes_; }

  /// Routes whose outboxes may hold something.
  std::vector<Number> waiting;

  void clear() {
    routes_.clear();
    numbers_.clear();
    waiting.clear();
  }

 private:
  std::deque<Route> routes_;
  std::vector<std::vector<Number>> numbers_;  // by topic, then by partition + 1; a number + 1, 0: none
};

}  // namespace fieldpost
