// A TOML text as a plain tree in which everything knows its place. document.cpp is the only file that knows toml++.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/problem.h"

namespace fieldpost::config {

struct Node;
struct Member;
using List = std::vector<Node>;
using Members = std::vector<Member>;

/// A date or a time: no key takes one.
struct DateTime {};

struct Node {
  Place place;
  std::variant<DateTime, bool, std::int64_t, double, std::string, List, Members> value;
};

struct Member {
  std::string key;
  Place place;
  Node node;
};

/// A configuration is typed by people: beyond this a file is something else.
inline constexpr std::size_t max_file_size = 1U << 20U;  // bytes

/// The root's members, or the one problem at which the TOML ends to be TOML.
std::variant<Node, Problem> parse_document(std::string_view text, const std::string& file);

}  // namespace fieldpost::config
