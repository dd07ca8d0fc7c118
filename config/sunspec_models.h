// What the SunSpec models are made of: config/sunspec/models.csv, which is compiled in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/device_map.h"

namespace fieldpost::config {

struct SunspecPoint {
  enum class Kind : std::uint8_t { value, names, bits, scale, filler };  // names: enum16; scale: sunssf; filler: pad
  std::string name;
  Kind kind = Kind::value;
  Type type = Type::uint16;
  std::uint16_t size = 0;  // of a string, its bytes
  std::uint64_t none = 0;  // the bits that mean "not implemented"; of a string: it is empty
  std::string unit;
  std::string scale;              // the point that holds the power of ten, or the power itself; empty: none
  bool fixed = false;             // does not change while the device runs
  std::vector<EnumName> symbols;  // of Kind::names and Kind::bits
};

/// A model, or a block of points in it that repeats. Its points come before its blocks.
struct SunspecBlock {
  std::string name;
  std::string count;  // the model's point that says how often, "*" as often as fills the model, or "1"
  std::vector<SunspecPoint> points;
  std::vector<SunspecBlock> blocks;
};

/// Without the two registers of its id and length. Nothing: the model is not known.
std::optional<SunspecBlock> sunspec_model(std::uint16_t id);

/// The ids of all known models, in the order of the file.
std::vector<std::uint16_t> sunspec_models();

/// The file as it is compiled in.
std::string_view sunspec_text();

}  // namespace fieldpost::config
