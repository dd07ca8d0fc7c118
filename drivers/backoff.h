// How long a driver waits before it tries a lost connection again.
#pragma once

#include <chrono>

namespace fieldpost::drivers {

/// 100 ms doubling with each attempt (from 0) to 10 s, of which the upper half is spread by `jitter01` in [0, 1], so
/// that agents which lost the same far side do not come back in step.
std::chrono::milliseconds backoff(unsigned attempt, double jitter01);

}  // namespace fieldpost::drivers
