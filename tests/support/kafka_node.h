// One process of a real Apache Kafka, with a folder of its own: what a single node and a cluster are made of.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

using KafkaProperties = std::map<std::string, std::string>;

struct KafkaNodeOptions {
  KafkaProperties properties;             // of server.properties, all but log.dirs
  std::vector<std::string> scram_users;   // as kafka-storage takes them
  std::vector<std::string> java_options;  // -Dname=value, and -Xmx where the default is not meant
};

class KafkaNode {
 public:
  /// Formats its folder. Throws std::runtime_error with what Kafka says.
  explicit KafkaNode(const KafkaNodeOptions& options);

  /// On the same ports and data. wait_started() throws std::runtime_error with Kafka's output where it does not come
  /// up.
  void launch();
  void wait_started();
  /// In order, by SIGTERM.
  void stop();
  void kill();
  void signal(int number);
  bool running();
  /// Of the log of a topic, all its partitions, so far.
  std::uint64_t stored_bytes(const std::string& topic) const;

 private:
  TempDir dir_;
  std::vector<std::string> java_options_;
  std::unique_ptr<Process> process_;
};

/// Of a node that is controller and broker and waits for nothing that only many clients need.
KafkaProperties quick_properties();

/// The command line of a class with a main out of a folder of jars.
std::vector<std::string> java(const std::string& jars, const std::vector<std::string>& options,
                              const std::vector<std::string>& arguments);

/// Runs one of Kafka's own programs, a class with a main, to its end.
Finished run_kafka(const std::vector<std::string>& command);

/// 127.0.0.1:PORT
std::string local_address(int port);

}  // namespace fieldpost::support
