// A real Kafka 3.9 of one node with a ZooKeeper, as clusters were run before KRaft.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

class ZookeeperKafka {
 public:
  /// Why it cannot be run here; nothing where it can.
  static std::optional<std::string> unavailable();

  /// Throws std::runtime_error with what was said where either does not come up.
  ZookeeperKafka();

  std::string brokers() const;

 private:
  TempDir dir_;
  std::uint16_t zookeeper_port_;
  std::uint16_t port_;
  std::unique_ptr<Process> zookeeper_;
  std::unique_ptr<Process> kafka_;
};

}  // namespace fieldpost::support
