// A device map as a spreadsheet exports it.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "config/document.h"
#include "config/problem.h"

namespace fieldpost::config {

/// The same tree that the TOML of the map would give, each cell with its line and column: one entry of "point" a row,
/// the header's names as keys, empty cells left out. Comma, semicolon or tab, whichever the header has; quoted cells; a
/// byte order mark; CR LF; blank rows and rows that begin with #. A number may have a decimal comma. `enum` and `bits`
/// are "0=off|1=on", `invalid` is "0x8000|9999", also with semicolons, and but for `invalid` with commas. Or the one
/// problem at which it ends to be CSV.
std::variant<Node, Problem> parse_csv(std::string_view text, const std::string& file);

}  // namespace fieldpost::config
