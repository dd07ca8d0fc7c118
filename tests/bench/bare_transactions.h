// The baseline of exactly-once: librdkafka's transactions, one after the other, as a program would use them.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/latency_samples.h"

namespace fieldpost::bench {

struct BareTransactions {
  std::vector<double> durations;  // ms, from begin to the end of commit
  std::vector<double> readings;   // ms, from when a reading came to the end of the commit it is in
};

/// Each carries the readings that came since the one before began, and a record as large as a checkpoint. Throws
/// std::runtime_error.
BareTransactions bare_transactions(const std::string& brokers, const Load& load);

}  // namespace fieldpost::bench
