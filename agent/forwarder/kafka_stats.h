// What is read out of librdkafka's statistics (its STATISTICS.md). Pure.
#pragma once

#include <string_view>

namespace fieldpost {

struct BrokerCounts {
  int up = -1;    // connections that are up; before the cluster is known, to bootstrap addresses; -1: unreadable
  int known = 0;  // brokers of the cluster
};
BrokerCounts count_brokers(std::string_view statistics);

}  // namespace fieldpost
