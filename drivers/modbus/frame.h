// Modbus frames: a request's bytes, and its answer among the bytes that have come. Pure.
//
// Only what reads can be framed: the function follows from the table, 1 to 4.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {

/// A request as it goes out.
struct Frame {
  std::array<std::uint8_t, 12> data{};
  std::size_t size = 0;

  std::span<const std::uint8_t> bytes() const { return std::span(data).first(size); }
};

/// Behind an MBAP header (Messaging on TCP/IP 1.0b, section 3.1.3).
Frame tcp_frame(std::uint16_t transaction, std::uint8_t unit, const Request& request);

/// As on a serial line, with its CRC (Modbus over Serial Line 1.02, section 2.5.1).
Frame rtu_frame(std::uint8_t unit, const Request& request);

/// Modbus over Serial Line 1.02, section 6.2.2.
std::uint16_t crc16(std::span<const std::uint8_t> bytes);

/// What the bytes that have come are to a request.
struct Found {
  enum class Kind : std::uint8_t {
    incomplete,  // more bytes are needed to tell
    answer,
    late,     // a whole answer to an earlier request
    broken,   // the device's answer, damaged
    foreign,  // something else; the answer may still come
    echo      // the request itself; the answer may still come
  };
  Kind kind = Kind::incomplete;
  std::span<const std::uint8_t> pdu{};  // of an answer, within the bytes
  std::size_t end = 0;                  // of an answer, also a late one: the bytes up to its end
};

/// The shortest frame of a serial line: an exception.
constexpr std::size_t shortest_rtu_frame = 5;

/// `earlier` requests went out before on this connection: their transactions may be answered late.
Found find_tcp(std::span<const std::uint8_t> received, const Frame& request, std::uint16_t earlier);

/// Of the data in the answer to a serial line's request.
std::size_t answer_bytes(const Frame& request);

/// Whether the bytes begin with an answer to the request: answer, or incomplete where they may, or foreign.
Found front_rtu(std::span<const std::uint8_t> received, const Frame& request);

/// Complete as soon as its length is there. Noise in front of an answer is passed over. `echo`: the line hands back
/// the request first; where it hands back other bytes, somebody else was sending.
Found find_rtu(std::span<const std::uint8_t> received, const Frame& request, bool echo);

}  // namespace fieldpost::drivers::modbus
