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

/// Records that all replicas have, in a transaction that is not decided yet: whoever reads only what was committed sees
/// neither them nor what stands behind them.
class OpenTransaction {
 public:
  /// Throws std::runtime_error.
  OpenTransaction(const std::string& brokers, const std::string& topic, const std::vector<Record>& records);
  ~OpenTransaction();
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;

  /// Nobody will see them, but what stands behind them. Throws std::runtime_error.
  void give_up();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fieldpost::support
