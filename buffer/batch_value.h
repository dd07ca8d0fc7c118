// One value as it stands in a batch (FORMAT.md, "value"), in every version of the body.
#pragma once

#include "buffer/batch.h"

namespace fieldpost {

/// A visitor of Value and ValueView: appends the value.
struct ValueWriter {
  std::string& out;

  void operator()(const Bad& value) const;
  void operator()(const BadView& value) const;
  void operator()(bool value) const;
  void operator()(std::int64_t value) const;
  void operator()(std::uint64_t value) const;
  void operator()(float value) const;
  void operator()(double value) const;
  void operator()(const std::string& value) const;
  void operator()(std::string_view value) const;
  void operator()(const Event& value) const;
  void operator()(const EventView& value) const;
  void operator()(const Named& value) const;
  void operator()(const NamedView& value) const;
};

/// Appends: as the same point's value before.
void put_repetition(std::string& out);

enum class ValueRead { fresh, repeated, damaged };

/// Leaves `value` as it was where it is repeated. The cursor may have failed.
ValueRead read_value(wire::Cursor& cursor, ValueView& value);

}  // namespace fieldpost
