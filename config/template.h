// Texts with placeholders: "telemetry.{site}", "{1}-{2}". A brace always belongs to a placeholder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/text.h"

namespace fieldpost::config {

struct Template {
  std::vector<std::string> names;  // in their order, repeats included
  std::string literal;             // what remains without them
};

Parsed<Template> parse_template(std::string_view text);

}  // namespace fieldpost::config
