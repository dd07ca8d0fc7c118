// Which requests read the points of a device. Pure: points in, requests out.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "config/config.h"
#include "config/device_map.h"

namespace fieldpost::drivers::modbus {

/// A point that a request covers.
struct Slot {
  std::size_t point = 0;   // its index among the points that were planned
  std::size_t offset = 0;  // registers, or bits, from the request's address
  bool operator==(const Slot&) const = default;
};

struct Request {
  config::Table table = config::Table::holding;
  std::uint16_t address = 0;
  std::uint16_t count = 0;  // registers, or bits of a coil or discrete table
  std::vector<Slot> slots;
  bool operator==(const Request&) const = default;
};

/// In the order of table and address. Neighbours share a request, small gaps are read over, a point is never split. No
/// request exceeds 125 registers or 2000 bits (Application Protocol 1.1b3, sections 6.1 to 6.4).
std::vector<Request> plan(std::span<const config::Point> points);

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
