// Which of librdkafka's properties [kafka.properties] does not take, and why. docs/kafka.md has the same table.
#pragma once

#include <span>
#include <string_view>

namespace fieldpost::config {

struct RefusedProperty {
  std::string_view name;
  std::string_view why;     // as the rest of a sentence that begins with the name
  std::string_view remedy;  // empty: leave it out
};

/// All of them, in groups.
std::span<const RefusedProperty> refused_properties();

/// Nothing where the property may be set, or is none of librdkafka's: it says so itself.
const RefusedProperty* find_refused(std::string_view name);

}  // namespace fieldpost::config
