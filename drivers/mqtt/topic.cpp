#include "drivers/mqtt/topic.h"

#include <charconv>
#include <cstddef>

#include "config/utf8.h"

namespace fieldpost::drivers::mqtt {
namespace {

std::string_view first_level(std::string_view levels) {
  return levels.substr(0, levels.find('/'));
}

/// What follows the first level and its separator; nothing where it is the last.
std::optional<std::string_view> after_first(std::string_view levels) {
  const std::size_t slash = levels.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return levels.substr(slash + 1);
}

}  // namespace

std::string fill(std::string_view text, const std::vector<std::string_view>& captures) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + open + 1, text.data() + close, number);
    const bool known = error == std::errc{} && end == text.data() + close && number >= 1 && number <= captures.size();
    out += text.substr(0, open);
    out += known ? captures[number - 1] : text.substr(open, close + 1 - open);
    text.remove_prefix(close + 1);
  }
  out += text;
  return out;
}

std::string wrong_with(std::string_view name) {
  if (name.empty()) return "name is empty";
  if (name.size() > longest_name) return "name is longer than 255 bytes";
  if (!config::valid_utf8(name)) return "name is not UTF-8";
  return {};
}

std::optional<std::vector<std::string_view>> match(std::string_view filter, std::string_view topic) {
  // 4.7.2: a leading wildcard does not match the server's own topics.
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return std::nullopt;
  std::vector<std::string_view> captures;
  std::optional<std::string_view> filter_rest = filter;
  std::optional<std::string_view> topic_rest = topic;
  while (filter_rest) {
    const std::string_view wanted = first_level(*filter_rest);
    if (wanted == "#") {
      // 4.7.1.2: it stands for the parent level as well.
      captures.push_back(topic_rest.value_or(topic.substr(topic.size())));
      return captures;
    }
    if (!topic_rest) return std::nullopt;
    const std::string_view level = first_level(*topic_rest);
    if (wanted == "+") {
      captures.push_back(level);
    } else if (wanted != level) {
      return std::nullopt;
    }
    filter_rest = after_first(*filter_rest);
    topic_rest = after_first(*topic_rest);
  }
  if (topic_rest) return std::nullopt;
  return captures;
}

}  // namespace fieldpost::drivers::mqtt
