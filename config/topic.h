// The syntax of MQTT topic filters (MQTT 3.1.1, section 4.7; 5, section 4.8.2) and of JSON pointers (RFC 6901, section
// 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/text.h"

namespace fieldpost::config {

/// The number of wildcards in the filter.
Parsed<int> parse_filter(std::string_view filter);

/// Whether some topic matches both.
bool overlap(std::string_view filter, std::string_view other);

/// The filter of a shared subscription, $share/GROUP/FILTER; any other as it is.
std::string_view without_share(std::string_view filter);

/// Whether "" (the whole document) or "/a/b", in which ~ stands only as ~0 or ~1.
bool valid_pointer(std::string_view pointer);

/// The pointer up to its first level that is *, which stands for each element; nothing: no level is.
std::optional<std::string> before_star(std::string_view pointer);

}  // namespace fieldpost::config
