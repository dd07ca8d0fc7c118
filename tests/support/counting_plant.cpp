#include "tests/support/counting_plant.h"

#include <utility>

namespace fieldpost::support {
namespace {

// A frame over TCP: MBAP header (7, the unit last), function, byte count, then the registers.
constexpr std::size_t unit_at = 6;
constexpr std::size_t data_at = 9;
constexpr std::size_t data_size = 6;

}  // namespace

CountingPlant::CountingPlant(int pumps) : server_(equipment_) {
  equipment_.set_mangle([this](std::string frame) { return count(std::move(frame)); });
  for (int unit = 1; unit <= pumps; ++unit)
    equipment_.set(unit, config::Table::holding, 0, {0, 0, 0});
}

std::string CountingPlant::device_map() {
  return "model = \"pump\"\n"
         "[[point]]\nname = \"polls\"\nregister = \"holding:0\"\ntype = \"uint32\"\n"
         "[[point]]\nname = \"low\"\nregister = \"holding:2\"\ntype = \"uint16\"\n";
}

void CountingPlant::stop() {
  server_.stop();
  running_ = false;
}

void CountingPlant::start() {
  server_.start();
  running_ = true;
}

std::uint64_t CountingPlant::answered(int unit) const {
  const std::lock_guard lock(mutex_);
  const auto found = answered_.find(unit);
  return found == answered_.end() ? 0 : found->second;
}

std::string CountingPlant::count(std::string frame) {
  if (frame.size() != data_at + data_size) return frame;  // not the request for all three registers
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = ++answered_[static_cast<unsigned char>(frame[unit_at])];
  const std::uint64_t registers = number << 16 | (number & 0xffff);
  for (std::size_t i = 0; i < data_size; ++i)
    frame[data_at + i] = static_cast<char>(registers >> 8 * (data_size - 1 - i) & 0xff);
  return frame;
}

}  // namespace fieldpost::support
