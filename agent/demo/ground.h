// The ground segment: Kafka embedded, as librdkafka's mock cluster, with a link that can be cut.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/demo/verdict.h"

namespace fieldpost::demo {

class Ground {
 public:
  /// One broker on a free port of 127.0.0.1 with this topic. Throws std::runtime_error.
  explicit Ground(std::string topic);
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  std::string brokers() const;
  /// Every connection is closed and no new one taken.
  void cut();
  void restore();
  /// The whole topic, from its beginning to its present end. Throws std::runtime_error where it cannot be read.
  std::vector<Arrived> read_back() const;

 private:
  struct Cluster;
  std::string topic_;
  std::unique_ptr<Cluster> cluster_;
};

}  // namespace fieldpost::demo
