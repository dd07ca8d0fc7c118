#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <string>

#include "config/text.h"
#include "config/utf8.h"

namespace fieldpost::config {
namespace {

// toml++ limits the nesting of values (256) but not the parts of a key, each of which is a table in a table: a file of
// dots would overflow the stack when the tree is destroyed. No key of ours has more than three.
constexpr int max_key_parts = 8;

/// The end of the string that starts with the quote at `at`, past its closing quote. Ends with the line where it may
/// not go on, as the parser's complaint is about that line then.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string triple(3, quote);
  const bool multi_line = text.substr(at, 3) == triple;
  std::size_t i = at + (multi_line ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (!multi_line && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    } else if (multi_line && text.substr(i, 3) == triple) {
      i += 3;
      while (i < text.size() && text[i] == quote) {
        ++i;  // up to two more quotes belong to the string (TOML 1.0, "String")
      }
      return i;
    }
  }
  return text.size();
}

/// The line of the first key that has too many parts, 0 where there is none.
int too_deep(std::string_view text) {
  int line = 1;
  int parts = 1;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t next = i + 1;
    switch (text[i]) {
      case '.':
        ++parts;
        break;
      case '"':
      case '\'':
        next = std::min(end_of_string(text, i), text.size());
        break;
      case '#':
        next = std::min(text.find('\n', i), text.size());
        break;
      case '\n':
      case '=':
      case ',':
      case '[':
      case ']':
      case '{':
      case '}':
        parts = 1;
        break;
      default:
        break;
    }
    if (parts > max_key_parts) return line;
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(i),
                                        text.begin() + static_cast<std::ptrdiff_t>(next), '\n'));
    i = next;
  }
  return 0;
}

Place place_of(const toml::source_region& source) {
  return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

Node convert(const toml::node& from);

List convert(const toml::array& from) {
  List list;
  list.reserve(from.size());
  for (const toml::node& each : from) {
    list.push_back(convert(each));
  }
  return list;
}

Members convert(const toml::table& from) {
  Members members;
  members.reserve(from.size());
  for (auto&& [key, node] : from) {
    members.push_back({std::string(key.str()), place_of(key.source()), convert(node)});
  }
  return members;
}

Node convert(const toml::node& from) {
  Node node{place_of(from.source()), DateTime{}};
  if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.value = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    node.value = number->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.value = boolean->get();
  } else if (const auto* list = from.as_array()) {
    node.value = convert(*list);
  } else if (const auto* table = from.as_table()) {
    node.value = convert(*table);
  }
  return node;
}

}  // namespace

std::variant<Node, Problem> parse_document(std::string_view text, const std::string& file) {
  if (text.size() > max_file_size) return Problem{file, 0, 0, "", "is larger than 1 MiB, the most that is read"};
  if (const int line = too_deep(text); line > 0) {
    return Problem{file, line, 1, "", "a key of more than " + std::to_string(max_key_parts) + " parts"};
  }
  try {
    Node root{{}, convert(toml::parse(text))};
    return root;
  } catch (const toml::parse_error& error) {
    const Place place = place_of(error.source());
    // Whatever else the parser says of such a file: it was made for other letters, Latin-1 or UTF-16.
    if (!valid_utf8(text)) return Problem{file, place.line, place.column, "", "is not UTF-8: save the file as UTF-8"};
    return Problem{file, place.line, place.column, "", printable(error.description(), 1000)};
  }
}

}  // namespace fieldpost::config
