// A device map: the points of one model of device and the registers that they stand in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/quantity.h"

namespace fieldpost::config {

/// The four tables of the Modbus data model (Application Protocol 1.1b3, section 4.3).
enum class Table : std::uint8_t { coil, discrete, input, holding };

struct Register {
  Table table = Table::holding;
  std::uint16_t address = 0;  // from 0, as on the wire
  bool operator==(const Register&) const = default;
};

/// Consecutive registers, or bits of a coil or discrete table.
struct RegisterRange {
  Table table = Table::holding;
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // included
  bool operator==(const RegisterRange&) const = default;
};

enum class Type : std::uint8_t {
  boolean,
  bit,    // one of a register's 16
  bit32,  // one of two registers' 32; maps have no name for it
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  float64,
  bcd16,
  bcd32,
  string
};

/// Where the bytes of a value stand in its registers, A the most significant. A sum of what is turned round: 1 the two
/// bytes in each register, 2 the order of all registers, 4 the two halves of 64 bits. 16-bit types and strings use ABCD
/// for AB, BADC for BA; 64-bit types use the first four for ABCDEFGH, BADCFEHG, GHEFCDAB, HGFEDCBA.
enum class ByteOrder : std::uint8_t { ABCD, BADC, CDAB, DCBA, EFGHABCD, FEHGBADC, CDABGHEF, DCBAHGFE };

/// A number as it was written, so that raw 3 x 0.1 is 0.3: digits x 10^exponent.
struct Decimal {
  std::int64_t digits = 0;
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};

/// How far a value may move from the last one that was handed on before it is handed on itself.
struct Deadband {
  double width = 0;      // in the point's unit, or
  bool percent = false;  // of the last value
  bool operator==(const Deadband&) const = default;
};

/// A number and what it stands for.
struct EnumName {
  std::int64_t code = 0;
  std::string name;
  bool operator==(const EnumName&) const = default;
};

struct Point {
  std::string name;
  Register reg;
  Type type = Type::uint16;
  std::uint16_t size = 0;  // bit, bit32: which, 0 the least significant; string: its bytes
  ByteOrder order = ByteOrder::ABCD;
  Decimal scale{1, 0};  // value = raw x scale + offset
  Decimal offset{0, 0};
  std::optional<Register> scale_register;  // an int16: scale is times ten to the power of it
  std::string unit;
  std::optional<Duration> every;  // default: the device's
  std::optional<Deadband> deadband;
  Duration max_silence{};              // with a deadband: the last value is handed on again after it
  bool alarm = false;                  // lane = "alarm"
  std::vector<EnumName> names;         // enum, by code
  std::vector<std::uint64_t> invalid;  // bit patterns that mean "no value", in the order ABCD..., of a bit's whole
                                       // registers; of a string any: it is not empty
  bool operator==(const Point&) const = default;
};

/// What a device stands, where it says so.
struct Limits {
  std::optional<int> max_registers;  // in one request
  std::optional<int> max_coils;      // coils or discrete inputs in one request
  std::optional<int> max_gap;        // registers that are read over to join two requests; 16 bits are as one
};

struct DeviceMap {
  std::string model;
  std::vector<Point> points;
  std::vector<RegisterRange> holes{};  // never to be read, also not between two points
  Limits limits{};
};

/// Registers, or bits of a coil or discrete table, that the point's value takes up.
int width(const Point& point);

}  // namespace fieldpost::config
