// What status tells an operator to see to.
#pragma once

#include <cstdint>
#include <string>

namespace fieldpost {

/// Something that a person has to look after. The code is stable, for monitoring.
struct Problem {
  std::string code;
  std::string object;  // what it is about: a file, a topic, a source
  std::string message;
  std::string remedy;
  std::int64_t since = 0;  // wall, microseconds; 0: unknown
};

}  // namespace fieldpost
