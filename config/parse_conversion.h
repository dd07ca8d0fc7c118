// What is made of raw values: the keys that a register's point and a value of an MQTT message have in common.
#pragma once

#include <string_view>

#include "config/device_map.h"
#include "config/fields.h"
#include "config/raw_value.h"

namespace fieldpost::config {

/// scale or offset.
void take_decimal(Fields& fields, std::string_view key, Decimal& into, bool zero_allowed);

/// The problem of a key, enum or bits, whose value is no table of names.
void wrong_names(Fields& fields, std::string_view key, const Node& node);

/// type; false after a problem.
bool take_type(Fields& fields, Point& point);

/// order, for the point's type.
void take_order(Fields& fields, Point& point);

/// enum; `codes` are the values that can have a name.
void take_names(Fields& fields, Point& point, const Range& codes);

/// invalid, of a type that is a number.
void take_invalid(Fields& fields, Point& point);

/// Problems of those of the keys that say nothing of a value of this type, or not beside enum.
void refuse_senseless(Fields& fields, const Point& point, Fields::Words keys);

}  // namespace fieldpost::config
