// Which requests read the points of a device. Pure: points in, requests out.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "config/config.h"
#include "config/device_map.h"

namespace fieldpost::drivers::modbus {

/// What a request brings of a point.
struct Slot {
  enum class Part : std::uint8_t { value, scale, guard };  // scale: the point's scale register; guard: of no point
  std::size_t point = 0;     // its index among the points, or the guards, that were planned
  std::uint16_t offset = 0;  // registers, or bits, from the request's address
  std::uint16_t count = 0;   // registers, or bits
  Part part = Part::value;
  bool operator==(const Slot&) const = default;
};

struct Request {
  config::Table table = config::Table::holding;
  std::uint16_t address = 0;
  std::uint16_t count = 0;    // registers, or bits of a coil or discrete table
  std::vector<Slot> slots{};  // by offset
  bool operator==(const Request&) const = default;
};

/// Holding registers that say where points stand: these are good only while those read as they did.
struct Guard {
  std::uint16_t address = 0;
  std::vector<std::uint16_t> words;
  std::uint16_t first = 0;  // of the points' registers
  std::uint16_t last = 0;   // included
  bool operator==(const Guard&) const = default;
};

bool covers(const Guard& guard, const config::Point& point);

/// What a device stands: at most 125 registers or 2000 bits a request (Application Protocol 1.1b3, sections 6.1 to
/// 6.4), or less where the device or its map says so.
struct PlanLimits {
  PlanLimits() = default;
  explicit PlanLimits(const config::ModbusDevice& device);

  int max_registers = 125;
  int max_coils = 2'000;
  int max_gap = 8;                                 // registers that are read over; 16 bits are as one
  std::span<const config::RegisterRange> holes{};  // never read; they outlive the plan's making
};

using SharedPoints = std::shared_ptr<const std::vector<config::Point>>;

/// The points of a device that are polled together, by lane and period: those of the alarm lane first, then the more
/// frequent ones. A single group is the map's own list.
std::vector<SharedPoints> poll_groups(const config::ModbusDevice& device);

/// In the order of table and address. Neighbours share a request, gaps are read over where that is cheaper than a
/// request of its own, a point is never split, also where it is wider than the limits. Guards are read that cover a
/// point.
std::vector<Request> plan(std::span<const config::Point> points, const PlanLimits& limits = {},
                          std::span<const Guard> guards = {});

/// The same slots in two requests, for a device that refuses one: cut at the gap that is nearest to the middle, as what
/// a map leaves out may be what is refused, else between the slots there. One request: it cannot be cut.
std::vector<Request> split(const Request& request);

/// Coils and discrete inputs are bits, the other tables registers of 16.
bool is_bits(config::Table table);

/// The function that reads the table: 1 to 4.
std::uint8_t function(config::Table table);

/// As a device map writes it: coil, discrete, input, holding.
const char* name(config::Table table);

/// The least pause between two frames on a serial line: 3.5 characters, 1.75 ms above 19,200 baud (Modbus over Serial
/// Line 1.02, section 2.5.1.1).
std::chrono::microseconds silence(int baud);

/// What a request and its answer occupy a serial line, the pause after each included, the device's own time to answer
/// not; 0 over TCP.
std::chrono::microseconds bus_time(const Request& request, const config::ModbusUrl& url);

}  // namespace fieldpost::drivers::modbus
