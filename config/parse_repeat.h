// One [[repeat]] of a device map: a block of points that stands there several times.
#pragma once

#include "config/fields.h"
#include "config/map_points.h"

namespace fieldpost::config {

void parse_repeat(Fields& fields, MapPoints& points);

}  // namespace fieldpost::config
