// What is read out of librdkafka's statistics (its STATISTICS.md). Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace fieldpost {

struct ClusterState {
  int up = -1;    // connections that are up; before the cluster is known, to bootstrap addresses; -1: unreadable
  int known = 0;  // brokers of the cluster
  std::set<std::string> leaderless;  // topics of ours of which a partition has no leader
};
ClusterState read_statistics(std::string_view statistics);

}  // namespace fieldpost
