#include "tests/support/markdown.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>
#include <string_view>

namespace fieldpost::support {
namespace {

constexpr std::array<std::string_view, 6> time_units{"us", "ms", "s", "min", "h", "d"};
constexpr std::array<std::string_view, 4> size_units{"B", "KiB", "MiB", "GiB"};
constexpr std::string_view marks = ",.:;()";

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// 12 or 1,234 or 1.5, with marks behind it or not.
bool number(std::string_view word) {
  return !word.empty() && digit(word.front()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return digit(c) || c == ',' || c == '.'; });
}

/// 2026-11-23T02:37:17.979877Z
bool time_of_day(std::string_view word) {
  return word.size() == 27 && word[10] == 'T' && word.back() == 'Z';
}

template <typename Units>
bool one_of(const Units& units, std::string_view word) {
  return std::find(units.begin(), units.end(), word) != units.end();
}

struct Word {
  std::string text;
  std::string marks;  // brackets, commas behind it
};

Word parted(const std::string& text) {
  const auto last = text.find_last_not_of(marks);
  const std::size_t size = last == std::string::npos ? 0 : last + 1;
  return {text.substr(0, size), text.substr(size)};
}

std::string plain_numbers(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!digit(text[i])) {
      out += text[i];
      continue;
    }
    while (i + 1 < text.size() && (digit(text[i + 1]) || ((text[i + 1] == ',' || text[i + 1] == '.') &&
                                                          i + 2 < text.size() && digit(text[i + 2])))) {
      ++i;
    }
    out += 'N';
  }
  return out;
}

std::string line_without(const std::string& line, bool figures) {
  const std::vector<std::string> words = split(line);
  std::string out;
  const auto put = [&](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word word = parted(words[i]);
    const Word next = i + 1 < words.size() ? parted(words[i + 1]) : Word{};
    if (time_of_day(word.text)) {
      put("T" + word.marks);
    } else if (number(word.text) && word.marks.empty() && one_of(time_units, next.text)) {
      if (out.ends_with(" D")) out.resize(out.size() - 2);  // 1 min 3 s
      put("D" + next.marks);
      ++i;
    } else if (figures && number(word.text) && word.marks.empty() && one_of(size_units, next.text)) {
      put("S" + next.marks);
      ++i;
    } else {
      put(figures ? plain_numbers(words[i]) : words[i]);
    }
  }
  return out;
}

std::string each_line(const std::string& text, bool figures) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    out += line_without(line, figures) + "\n";
  return out;
}

}  // namespace

std::vector<Fence> fences(const std::string& markdown) {
  std::vector<Fence> found;
  std::istringstream in(markdown);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (!inside) continue;
      const auto space = line.find(' ');
      found.push_back({line.substr(3, space == std::string::npos ? space : space - 3),
                       line.substr(std::min(space, line.size())), ""});
      found.back().title.erase(0, 1);
    } else if (inside) {
      found.back().text += line + "\n";
    }
  }
  return found;
}

std::vector<Step> steps(const std::vector<Fence>& fences) {
  std::vector<Step> found;
  for (const Fence& fence : fences) {
    if (fence.language != "console") continue;
    std::istringstream in(fence.text);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("$ ")) {
        found.push_back({line.substr(2), ""});
      } else {
        found.back().output += line + "\n";
      }
    }
  }
  return found;
}

std::vector<std::string> linked_files(const std::string& markdown) {
  std::vector<std::string> found;
  constexpr std::string_view opening = "](";
  for (auto at = markdown.find(opening); at != std::string::npos; at = markdown.find(opening, at)) {
    at += opening.size();
    const std::string target = markdown.substr(at, markdown.find(')', at) - at);
    if (target.starts_with('#') || target.find("://") != std::string::npos) continue;
    found.push_back(target.substr(0, target.find('#')));
  }
  return found;
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string without_times(const std::string& text) {
  return each_line(text, false);
}

std::string without_figures(const std::string& text) {
  return each_line(text, true);
}

}  // namespace fieldpost::support
