// The one place that knows which Catch2 is installed: 2 (Debian 12) or 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstdint>
#include <string>

namespace fieldpost::support {

/// The seed of this run, printed once so that a failure can be repeated: FIELDPOST_SEED in the environment, or a new
/// one.
std::uint64_t seed();

/// Ends the test case here and says why. tests/run counts the line as a skipped test; Catch2 2 knows no skipping.
#define FIELDPOST_SKIP(reason)                      \
  do {                                              \
    ::fieldpost::support::report_skipped((reason)); \
    return;                                         \
  } while (false)

/// Use FIELDPOST_SKIP.
void report_skipped(const std::string& reason);

}  // namespace fieldpost::support
