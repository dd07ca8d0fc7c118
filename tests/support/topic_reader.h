// What stands in Kafka, as a client of any other kind would see it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fieldpost::support {

struct Record {
  std::optional<std::string> key;
  std::string value;
  std::map<std::string, std::string> headers;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::int64_t timestamp = -1;  // milliseconds since 1970
  std::int64_t read_at = -1;    // the same, when the reader got it
};

/// Reads all partitions of a topic from the beginning, without a consumer group; only what was committed.
class TopicReader {
 public:
  /// The topic need not exist yet, nor Kafka run.
  TopicReader(const std::string& brokers, std::string topic);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  /// Reads on until the predicate, asked after each gulp of all records so far, says yes; false when the time is up.
  bool read_until(const std::function<bool(const std::vector<Record>&)>& predicate, std::chrono::milliseconds at_most);
  /// All that has been read: in offset order within a partition.
  const std::vector<Record>& records() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// With as many replicas as the brokers give by default, or with one, on the node of this number. Throws
/// std::runtime_error where Kafka refuses.
void create_topic(const std::string& brokers, const std::string& topic, int partitions,
                  const std::map<std::string, std::string>& properties = {}, std::int32_t node = 0);

/// Sends records by key, value and headers, and waits for the acknowledgement of all. Throws std::runtime_error.
void produce(const std::string& brokers, const std::string& topic, const std::vector<Record>& records);

/// The same in a transaction that is given up: whoever reads only what was committed never sees them.
void produce_aborted(const std::string& brokers, const std::string& topic, const std::vector<Record>& records);

}  // namespace fieldpost::support
