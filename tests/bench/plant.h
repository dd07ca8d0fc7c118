// The equipment of the benchmarks: devices with points whose readings are about 150 bytes of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"
#include "tests/bench/bare_producer.h"

namespace fieldpost::bench {

class Plant {
 public:
  Plant(std::size_t devices, std::size_t points);

  /// Of the n-th poll: the devices take turns.
  const Layout& layout(std::uint64_t poll) const { return layouts_[poll % layouts_.size()]; }
  /// Valid until the next call. Values change from poll to poll.
  const std::vector<Value>& values(std::uint64_t poll);
  std::size_t points() const { return values_.size(); }

 private:
  std::vector<Layout> layouts_;
  std::vector<Value> values_;
};

/// The records that the forwarder makes of a plant's polls, made beforehand.
class PlantRecords {
 public:
  PlantRecords(Plant& plant, std::uint64_t polls, config::Record record = config::Record::reading);
  std::size_t size() const { return places_.size(); }
  RecordBytes operator[](std::size_t reading) const;

 private:
  struct Place {
    std::size_t key, value, id, end;
  };
  const char* schema_;
  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace fieldpost::bench
