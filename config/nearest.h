// The key that was meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fieldpost::config {

/// The one with the smallest edit distance (Levenshtein) to the word; empty where none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace fieldpost::config
