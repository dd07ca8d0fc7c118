// SunSpec: a device that says itself which models of points it has, and where (SunSpec Device Information Model
// Specification 1.1, section 4).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/device_map.h"
#include "drivers/modbus/answer.h"
#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {

class Line;

namespace sunspec {

struct Model {
  std::uint16_t id = 0;
  std::uint16_t first = 0;   // its first holding register behind id and length
  std::uint16_t length = 0;  // registers
  bool operator==(const Model&) const = default;
};
using Chain = std::vector<Model>;

/// Holding registers, by address.
using Registers = std::map<std::uint16_t, std::uint16_t>;

/// Of the known models, the registers that say how often a block of points stands there.
std::vector<std::uint16_t> count_registers(const Chain& chain);

/// The points of the known models, as far as each is long; `registers` holds what count_registers() names. Names are
/// MODEL.POINT and MODEL.BLOCKn.POINT; a second model of a name is MODEL2. A bit field's named bits are points beside
/// it. At most `most_points`.
std::vector<config::Point> points(const Chain& chain, const Registers& registers);
constexpr std::size_t most_points = 10'000;

/// The models that are not known, each in words.
std::vector<std::string> unknown_models(const Chain& chain);

struct Discovery {
  std::vector<config::Point> points;  // empty: see error
  std::vector<Guard> guards{};        // the chain, as it must be for the points to stand there
  std::string error;                  // why there are none, in words
  std::vector<std::string> notes;     // what is left out: unknown models, what comes behind a break in the chain
};

/// Reads holding registers from the address on, as many as the span is long.
using Read = std::function<Outcome(std::uint16_t address, std::span<std::uint16_t> into)>;

/// Walks the chain: two registers a model, and its counts. Ends whatever the device says, after 256 models at the
/// latest. Where the device stops to answer there are no points at all: ask again later.
Discovery discover(const Read& read);
Discovery discover(Line& line, int unit);

}  // namespace sunspec
}  // namespace fieldpost::drivers::modbus
