// What stands at JSON pointers (RFC 6901) in a payload that anybody may have sent.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"

namespace fieldpost::drivers::mqtt {

/// Readings that are made of one message at most; what is beyond is left out, and the message's problem says so.
inline constexpr std::size_t most_readings = 10'000;

/// One level may be *: it stands for each element of an array, or each member of an object.
class JsonPointer {
 public:
  /// What stands there is a value, or a text to make a name of: numbers and booleans as they are written.
  enum class Gives { value, text };

  explicit JsonPointer(std::string text, Gives gives = Gives::value);

  const std::string& text() const { return text_; }
  Gives gives() const { return gives_; }
  const std::vector<std::string>& levels() const { return levels_; }  // unescaped
  std::optional<std::size_t> star() const { return star_; }           // which level it is

 private:
  std::string text_;
  Gives gives_;
  std::vector<std::string> levels_;
  std::optional<std::size_t> star_;
};

/// A scalar of one element that * stands for, or Bad with the reason and the pointer.
struct JsonElement {
  std::size_t number = 0;  // from 0
  std::string name;        // of the member; of an array the number
  Value value;
};

struct JsonFound {
  Value value;                        // without a *: a scalar, or Bad with the reason and the pointer
  std::vector<JsonElement> elements;  // with one: of those that have something there, by number
};

/// A number or a boolean.
struct JsonLeaf {
  std::string path;  // a JSON pointer
  Value value;
};

struct JsonLookup {
  std::string problem;  // of the payload as a whole: "not JSON"; then nothing was found
  std::vector<JsonFound> at;
  std::vector<JsonLeaf> leaves;
  bool more = false;      // elements or leaves beyond the limit were left out
  bool too_long = false;  // leaves with longer paths than a name has were
};

/// Reads the payload once, keeping nothing of it but what it looks for: what stands at each pointer and, where `below`
/// is there, all numbers and booleans below that pointer. Integers of up to 64 bits stay exact, larger ones become
/// doubles. A key that stands twice on the way to a value gives none: readers of JSON disagree on which counts.
JsonLookup look_up(std::string_view json, std::span<const JsonPointer> pointers,
                   const std::optional<std::string>& below = std::nullopt);

}  // namespace fieldpost::drivers::mqtt
