#include "config/topic.h"

namespace fieldpost::config {

Parsed<int> parse_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > 65535) return Wrong{"must be 1 to 65535 bytes"};
  const std::string_view whole = filter;
  filter = without_share(filter);
  if (whole.starts_with("$share/") && filter.size() == whole.size()) {
    return Wrong{"is a shared subscription without its group or filter: write $share/GROUP/FILTER"};
  }
  int wildcards = 0;
  while (true) {
    const std::size_t slash = filter.find('/');
    const std::string_view level = filter.substr(0, slash);
    if (level.find_first_of("+#") != std::string_view::npos) {
      if (level.size() > 1) return Wrong{"has a wildcard beside other text: + and # each take a whole level"};
      if (level == "#" && slash != std::string_view::npos) return Wrong{"has a # before its last level"};
      ++wildcards;
    }
    if (slash == std::string_view::npos) return wildcards;
    filter.remove_prefix(slash + 1);
  }
}

bool overlap(std::string_view filter, std::string_view other) {
  while (true) {
    const std::size_t slash = filter.find('/');
    const std::size_t other_slash = other.find('/');
    const std::string_view level = filter.substr(0, slash);
    const std::string_view other_level = other.substr(0, other_slash);
    if (level == "#" || other_level == "#") return true;
    if (level != other_level && level != "+" && other_level != "+") return false;
    if (slash == std::string_view::npos || other_slash == std::string_view::npos) {
      // a/# matches a, too.
      return (slash == other_slash) || (slash == std::string_view::npos && other.substr(other_slash) == "/#") ||
             (other_slash == std::string_view::npos && filter.substr(slash) == "/#");
    }
    filter.remove_prefix(slash + 1);
    other.remove_prefix(other_slash + 1);
  }
}

std::string_view without_share(std::string_view filter) {
  constexpr std::string_view share = "$share/";
  if (!filter.starts_with(share)) return filter;
  const std::size_t slash = filter.find('/', share.size());
  const std::string_view group = filter.substr(share.size(), slash - share.size());
  if (slash == std::string_view::npos || slash + 1 == filter.size() || group.empty()) return filter;
  return group.find_first_of("+#") == std::string_view::npos ? filter.substr(slash + 1) : filter;
}

bool valid_pointer(std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') return false;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return false;
  }
  return true;
}

std::optional<std::string> before_star(std::string_view pointer) {
  for (std::size_t at = pointer.find("/*"); at != std::string_view::npos; at = pointer.find("/*", at + 1)) {
    if (at + 2 == pointer.size() || pointer[at + 2] == '/') return std::string(pointer.substr(0, at));
  }
  return std::nullopt;
}

}  // namespace fieldpost::config
