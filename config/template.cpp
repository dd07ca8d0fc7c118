#include "config/template.h"

#include "config/config.h"

namespace fieldpost::config {

Parsed<Template> parse_template(std::string_view text) {
  Template result;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    result.literal += text.substr(0, brace);
    text.remove_prefix(brace);
    if (text.empty()) break;
    const std::size_t end = text.find_first_of("{}", 1);
    if (text.front() == '}' || end == std::string_view::npos || text[end] == '{') {
      return Wrong{std::string("has a '") + text.front() + "' without its partner"};
    }
    result.names.emplace_back(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
  }
  return result;
}

std::string expand(const std::string& text, const Placeholders& values) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find('{', at), text.size());
    result.append(text, at, open - at);
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) return result.append(text, open);
    const auto value = values.find(std::string_view(text).substr(open + 1, close - open - 1));
    result += value != values.end() ? value->second : text.substr(open, close - open + 1);
    at = close + 1;
  }
  return result;
}

}  // namespace fieldpost::config
