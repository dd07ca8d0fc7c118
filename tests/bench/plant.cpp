#include "tests/bench/plant.h"

#include <chrono>
#include <span>

#include "agent/forwarder/encoder.h"
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

PlantRecords::PlantRecords(Plant& plant, std::uint64_t polls, config::Record record)
    : schema_(record == config::Record::device ? kDeviceSchema : kRecordSchema) {
  const SessionInfo session{1'882'603'006'543'438, "gw-bench", ""};
  const SystemClock clock;
  config::Kafka kafka;
  kafka.record = record;
  Encoder encoder(kafka);
  const EncodingMoment moment{clock.now(), clock.boot(), session.id, 0};
  std::uint64_t seq = 1;
  for (std::uint64_t poll = 0; poll < polls; ++poll) {
    BatchBuilder builder(session.id, Lane::telemetry, clock.boot());
    builder.add(plant.layout(poll), clock.now(), seq, std::span<const Value>(plant.values(poll)));
    seq += plant.points();
    encoder.encode(builder.close(), session, moment, [this](Message& message, std::size_t, std::size_t) {
      Place place{bytes_.size(), 0, 0, 0};
      bytes_ += message.key;
      place.value = bytes_.size();
      bytes_ += message.value;
      place.id = bytes_.size();
      bytes_ += message.headers.front().value;
      place.end = bytes_.size();
      places_.push_back(place);
      return true;
    });
  }
}

RecordBytes PlantRecords::operator[](std::size_t reading) const {
  const Place& place = places_[reading];
  const std::string_view bytes(bytes_);
  return {bytes.substr(place.key, place.value - place.key), bytes.substr(place.value, place.id - place.value),
          bytes.substr(place.id, place.end - place.id), schema_};
}

}  // namespace fieldpost::bench
