// A reading's value as JSON, for what the verbs print.
#pragma once

#include <nlohmann/json.hpp>

#include "buffer/reading.h"

namespace fieldpost {

/// null where there is none.
nlohmann::ordered_json value_json(const Value& value);

}  // namespace fieldpost
