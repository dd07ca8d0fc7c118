// What the tests against a cluster share.
#pragma once

#include "tests/support/kafka_cluster.h"

namespace fieldpost::fault {

/// The one that they all share, with all nodes up.
support::KafkaCluster& cluster();

struct Delivery {
  const char* name;
  const char* line;  // of [kafka]
  bool once;
};
inline const Delivery at_least_once{"at-least-once", "", false};
inline const Delivery exactly_once{"exactly-once", "delivery = \"exactly-once\"\n", true};

}  // namespace fieldpost::fault
