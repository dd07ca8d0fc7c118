// The ground segment: what has arrived on a topic, by the identity of each reading and by its value.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/topic_reader.h"

namespace fieldpost::support {

struct Arrival {
  std::uint64_t session = 0;
  std::uint64_t seq = 0;
  std::string key;
  std::int32_t partition = -1;
  bool backfill = false;
  nlohmann::json record;
};

using Identity = std::pair<std::uint64_t, std::uint64_t>;  // session, seq

class Ground {
 public:
  Ground(const std::string& brokers, const std::string& topic) : reader_(brokers, topic) {}

  /// Reads on until the predicate, asked after each gulp, says yes; false when the time is up. Throws
  /// std::runtime_error for a record whose header and body do not name the same reading, and for a second arrival of a
  /// reading that says something else than the first.
  bool read_until(const std::function<bool()>& predicate, std::chrono::milliseconds at_most);

  /// Milliseconds from a reading's own time to its first arrival here, the most so far. Of an agent whose clock is
  /// trusted, on this machine.
  std::int64_t latest() const { return latest_; }
  /// All, in the order of arrival within a key.
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  bool has(const Identity& identity) const { return first_.contains(identity); }
  std::size_t distinct() const { return first_.size(); }
  std::size_t duplicates() const { return arrivals_.size() - first_.size(); }
  std::set<std::uint64_t> sessions() const;
  /// The whole numbers among the good values of a point.
  const std::set<std::uint64_t>& numbers(const std::string& device, const std::string& point) const;
  /// Arrivals of bad readings of a device by their reason.
  std::map<std::string, std::size_t> bad(const std::string& device) const;
  /// Readings that appeared for the first time behind a later one of the same key, in words: a lower seq of the same
  /// session, or of a session whose successor had already begun.
  const std::vector<std::string>& disorder() const { return disorder_; }

 private:
  struct Order {
    std::uint64_t session = 0;
    std::uint64_t seq = 0;
    std::set<std::uint64_t> past;  // sessions that others have followed
  };

  void take(const Record& record);
  void note_order(const Arrival& arrival);

  TopicReader reader_;
  std::vector<Arrival> arrivals_;
  std::map<Identity, std::size_t> first_;  // where it stands among the arrivals
  std::map<std::pair<std::string, std::string>, std::set<std::uint64_t>> numbers_;
  std::map<std::string, Order> orders_;  // by key
  std::vector<std::string> disorder_;
  std::int64_t latest_ = 0;
};

}  // namespace fieldpost::support
