// Where each message goes and what its record looks like, by the configuration of now. Pure, but for a bounded memory
// of the layouts met lately.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/forwarder/record_writer.h"
#include "buffer/batch.h"
#include "config/config.h"

namespace fieldpost {

struct MessageShape {
  std::string_view topic;
  std::string_view key;
  std::string_view subject;  // of a CloudEvent; empty where the format is another
  RecordWriterPtr writer;
};

struct LayoutShape {
  bool whole = false;  // one message for all points; else one for each
  const char* schema = nullptr;
  const char* event_type = nullptr;    // of a CloudEvent
  std::vector<MessageShape> messages;  // of a poll, in order
};

class Shapes {
 public:
  explicit Shapes(const config::Kafka& kafka)
      : topic_(kafka.topic), key_(kafka.key), record_(kafka.record), format_(kafka.format) {}

  /// Valid until forget().
  const LayoutShape& of(const SessionInfo& session, const Layout& layout);

  /// Makes room where too many are remembered. Call it between batches.
  void forget();

 private:
  LayoutShape make(const SessionInfo& session, const Layout& layout);
  MessageShape message(const SessionInfo& session, const config::Placeholders& names, const char* event_type,
                       std::string subject, RecordWriterPtr record);
  std::string_view keep(std::string name);

  std::string topic_;
  std::string key_;
  config::Record record_;
  config::Format format_;
  struct Known {
    Layout layout;  // keeps its identity
    LayoutShape shape;
  };
  using Key = std::pair<std::uint64_t, const void*>;  // the session and the layout's identity
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.second) ^ std::hash<std::uint64_t>()(key.first);
    }
  };
  std::unordered_map<Key, Known, Hash> known_;
  std::unordered_set<std::string> names_;  // topics, keys, and subjects: many messages share them
};

/// A topic's name as Kafka takes it: what it refuses becomes '_', and it is cut at 249 characters.
std::string kafka_topic(std::string name);

}  // namespace fieldpost
