#pragma once

#include <string_view>

namespace fieldpost::config {

/// Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, nothing overlong, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

}  // namespace fieldpost::config
