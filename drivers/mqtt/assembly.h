// Readings whose names, or whose number, the payload gives.
#pragma once

#include "drivers/mqtt/decoded.h"
#include "drivers/mqtt/plan.h"

namespace fieldpost::drivers::mqtt {

/// Of a payload in which everything that the plan looks for was found, or is missing. What follows each other and is of
/// the same device and time makes one portion. An element without any of the values makes no reading.
Decoded assemble(const Plan& plan, const Levels& levels, JsonLookup found);

}  // namespace fieldpost::drivers::mqtt
