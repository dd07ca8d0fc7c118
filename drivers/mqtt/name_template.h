// Names that a topic and a payload give.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "drivers/mqtt/json_lookup.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt {

/// Where a template's placeholders find their text.
struct NameSource {
  const Levels& levels;
  std::function<const Value*(std::size_t pointer)> at{};  // what stands at a pointer; null: nothing
  std::string_view element{};                             // what * stands for
};

/// Text with {1} for a level of the topic, {/a/b} for what stands in the payload, {*} for the name of an element.
/// Another brace stays as it is: the configuration has refused it.
class NameTemplate {
 public:
  /// Its pointers are added to `pointers`, where their places are what NameSource::at() is asked for.
  NameTemplate(std::string_view text, std::vector<JsonPointer>& pointers);

  bool empty() const { return pieces_.empty(); }
  bool by_topic() const { return by_topic_; }

  /// A text of up to 255 bytes. Else nothing, and `problem` says why: "is longer than 255 bytes", "has no value at /x".
  std::optional<std::string> fill(const NameSource& source, std::string& problem) const;

 private:
  struct Piece {
    enum class Kind { literal, level, pointer, element };
    Kind kind = Kind::literal;
    std::string text;       // a literal, or as it was written
    std::size_t place = 0;  // of the level, or of the pointer
  };

  std::vector<Piece> pieces_;
  bool by_topic_ = true;
};

}  // namespace fieldpost::drivers::mqtt
