// One [[point]] of a device map.
#pragma once

#include <vector>

#include "config/device_map.h"
#include "config/fields.h"

namespace fieldpost::config {

/// How often a point stands in a [[repeat]] block, and how far apart.
struct Repeat {
  int first = 1;  // what {n} in the first one's name is
  int count = 1;
  int stride = 0;  // registers, or bits, from one to the next
};

/// A point of a map, and behind it one point for each of its named `bits`.
struct Entry {
  std::vector<Point> points;
  Place place;  // of its name, or of what brings it into the map
};

/// The point as it stands there, what is wrong with it in the report. `repeat` only bounds the registers.
Entry parse_point(Fields& fields, const Repeat& repeat = {});

}  // namespace fieldpost::config
