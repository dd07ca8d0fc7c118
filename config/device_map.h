// A device map: the points of one model of device and the registers that they stand in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fieldpost::config {

/// The four tables of the Modbus data model (Application Protocol 1.1b3, section 4.3).
enum class Table { coil, discrete, input, holding };

struct Register {
  Table table = Table::holding;
  std::uint16_t address = 0;  // from 0, as on the wire
};

enum class Type { boolean, int16, uint16, int32, uint32, float32 };

/// Where the bytes of a value stand in its registers, A the most significant. 16-bit types use ABCD for AB, BADC for
/// BA.
enum class ByteOrder { ABCD, CDAB, BADC, DCBA };

/// A number as it was written, so that raw 3 x 0.1 is 0.3: digits x 10^exponent.
struct Decimal {
  std::int64_t digits = 0;
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};

struct Point {
  std::string name;
  Register reg;
  Type type = Type::uint16;
  ByteOrder order = ByteOrder::ABCD;
  Decimal scale{1, 0};  // value = raw x scale + offset
  Decimal offset{0, 0};
  std::string unit;
};

struct DeviceMap {
  std::string model;
  std::vector<Point> points;
};

/// Registers, or bits of a coil or discrete table, that a value of this type takes up.
int width(Type type);

}  // namespace fieldpost::config
