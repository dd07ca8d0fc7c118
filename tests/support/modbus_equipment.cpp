#include "tests/support/modbus_equipment.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace fieldpost::support {
namespace {

using config::Table;

int byte_at(const std::string& text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

char as_char(int byte) {
  return static_cast<char>(byte & 0xff);
}

std::string exception(int function, std::uint8_t code) {
  return {as_char(function | 0x80), as_char(code)};
}

void must_only_read(int function) {
  for (const int writes : {5, 6, 15, 16, 22, 23}) {
    if (function != writes) continue;
    std::fprintf(stderr, "a Modbus server was asked to write (function %d)\n", function);
    std::abort();
  }
}

constexpr Table tables[] = {Table::coil, Table::discrete, Table::holding, Table::input};  // of functions 1 to 4

}  // namespace

void Equipment::set(int unit, Table table, int address, const std::vector<std::uint16_t>& values) {
  const std::lock_guard lock(mutex_);
  units_.insert(unit);
  for (const std::uint16_t value : values)
    values_[{unit, table, address++}] = value;
}

void Equipment::set_silent(bool silent) {
  const std::lock_guard lock(mutex_);
  silent_ = silent;
}

void Equipment::set_unit_silent(int unit, bool silent) {
  const std::lock_guard lock(mutex_);
  if (silent) {
    silent_units_.insert(unit);
  } else {
    silent_units_.erase(unit);
  }
}

void Equipment::set_delay(std::chrono::milliseconds delay) {
  const std::lock_guard lock(mutex_);
  delay_ = delay;
}

void Equipment::set_drip(std::chrono::milliseconds gap) {
  const std::lock_guard lock(mutex_);
  drip_ = gap;
}

void Equipment::refuse(Table table, int from, int to, std::uint8_t exception) {
  const std::lock_guard lock(mutex_);
  refusals_.push_back({table, from, to, exception});
}

void Equipment::refuse_nothing() {
  const std::lock_guard lock(mutex_);
  refusals_.clear();
}

void Equipment::set_mangle(std::function<std::string(std::string)> mangle) {
  const std::lock_guard lock(mutex_);
  mangle_ = std::move(mangle);
}

std::vector<ServedRequest> Equipment::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t Equipment::request_count() const {
  const std::lock_guard lock(mutex_);
  return requests_.size();
}

std::chrono::milliseconds Equipment::delay() const {
  const std::lock_guard lock(mutex_);
  return delay_;
}

std::chrono::milliseconds Equipment::drip() const {
  const std::lock_guard lock(mutex_);
  return drip_;
}

std::string Equipment::mangled(std::string frame) const {
  const std::lock_guard lock(mutex_);
  return mangle_ ? mangle_(std::move(frame)) : frame;
}

std::uint16_t Equipment::value(int unit, Table table, int address) const {
  const auto found = values_.find({unit, table, address});
  return found == values_.end() ? std::uint16_t{0} : found->second;
}

std::string Equipment::data(int unit, Table table, int address, int count) const {
  std::string bytes;
  if (table == Table::coil || table == Table::discrete) {
    bytes.assign(static_cast<std::size_t>((count + 7) / 8), '\0');
    for (int i = 0; i < count; ++i) {
      const int bit = value(unit, table, address + i) != 0 ? 1 << i % 8 : 0;
      char& byte = bytes[static_cast<std::size_t>(i / 8)];
      byte = as_char(byte | bit);
    }
    return bytes;
  }
  for (int i = 0; i < count; ++i) {
    const int word = value(unit, table, address + i);
    bytes += {as_char(word >> 8), as_char(word)};
  }
  return bytes;
}

std::optional<std::string> Equipment::answer(int unit, const std::string& pdu) {
  const int function = byte_at(pdu, 0);
  must_only_read(function);
  if (function < 1 || function > 4) return exception(function, 1);
  if (pdu.size() != 5) return exception(function, 3);
  const Table table = tables[function - 1];
  const int address = byte_at(pdu, 1) << 8 | byte_at(pdu, 2);
  const int count = byte_at(pdu, 3) << 8 | byte_at(pdu, 4);

  const std::lock_guard lock(mutex_);
  requests_.push_back({std::chrono::steady_clock::now(), unit, function, address, count});
  if (silent_ || !units_.contains(unit) || silent_units_.contains(unit)) return std::nullopt;
  const bool bits = function <= 2;
  if (count < 1 || count > (bits ? 2000 : 125)) return exception(function, 3);
  if (address + count > 65'536) return exception(function, 2);
  for (const Refusal& refusal : refusals_) {
    const bool touched = refusal.table == table && address <= refusal.to && address + count > refusal.from;
    if (touched) return exception(function, refusal.exception);
  }
  const std::string bytes = data(unit, table, address, count);
  return std::string{as_char(function), as_char(static_cast<int>(bytes.size()))} + bytes;
}

}  // namespace fieldpost::support
