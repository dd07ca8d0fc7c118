#include "tests/bench/plant.h"

#include <chrono>

#include "agent/forwarder/record.h"
#include "buffer/clock.h"

namespace fieldpost::bench {

Plant::Plant(std::size_t devices, std::size_t points) : values_(points) {
  std::vector<PointName> names;
  names.reserve(points);
  for (std::size_t point = 0; point < points; ++point)
    names.push_back({"value-" + std::to_string(point), "bar"});
  layouts_.reserve(devices);
  for (std::size_t device = 0; device < devices; ++device)
    layouts_.emplace_back("plc-a", "pump-" + std::to_string(device), names);
}

const std::vector<Value>& Plant::values(std::uint64_t poll) {
  for (std::size_t point = 0; point < values_.size(); ++point)
    values_[point] = 0.01F * static_cast<float>((poll * 7919 + point * 104'729) % 99'991);
  return values_;
}

PlantRecords::PlantRecords(Plant& plant, std::uint64_t polls) {
  const SessionInfo session{1'882'603'006'543'438, "gw-bench", ""};
  const std::string prefix = session.agent + "/" + std::to_string(session.id) + "/";
  const SystemClock clock;
  places_.reserve(polls * plant.points());
  for (std::uint64_t poll = 0; poll < polls; ++poll) {
    const Layout& layout = plant.layout(poll);
    const std::vector<Value>& values = plant.values(poll);
    const std::int64_t wall = clock.now().wall;
    for (std::size_t point = 0; point < values.size(); ++point) {
      const PointName& name = layout.points()[point];
      const std::uint64_t seq = places_.size() + 1;
      Place place{bytes_.size(), 0, 0, 0};
      bytes_ += layout.device();
      place.value = bytes_.size();
      append_record(bytes_, record_frame(session, layout.device(), {name.name, name.unit}), seq, {wall},
                    std::get<float>(values[point]));
      place.id = bytes_.size();
      bytes_ += prefix + std::to_string(seq);
      place.end = bytes_.size();
      places_.push_back(place);
    }
  }
}

RecordBytes PlantRecords::operator[](std::size_t reading) const {
  const Place& place = places_[reading];
  const std::string_view bytes(bytes_);
  return {bytes.substr(place.key, place.value - place.key), bytes.substr(place.value, place.id - place.value),
          bytes.substr(place.id, place.end - place.id)};
}

}  // namespace fieldpost::bench
