#include "drivers/mqtt/name_template.h"

#include <charconv>

namespace fieldpost::drivers::mqtt {
namespace {

std::optional<std::size_t> level_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number - 1;
}

}  // namespace

NameTemplate::NameTemplate(std::string_view text, std::vector<JsonPointer>& pointers) {
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    if (open > 0) pieces_.push_back({Piece::Kind::literal, std::string(text.substr(0, open)), 0});
    const std::string_view name = text.substr(open + 1, close - open - 1);
    Piece& piece = pieces_.emplace_back();
    piece.text = text.substr(open, close + 1 - open);
    if (name == "*") {
      piece.kind = Piece::Kind::element;
      by_topic_ = false;
    } else if (name.starts_with('/')) {
      piece.kind = Piece::Kind::pointer;
      piece.place = pointers.size();
      pointers.emplace_back(std::string(name), JsonPointer::Gives::text);
      by_topic_ = false;
    } else if (const auto level = level_of(name)) {
      piece.kind = Piece::Kind::level;
      piece.place = *level;
    }
    text.remove_prefix(close + 1);
  }
  if (!text.empty()) pieces_.push_back({Piece::Kind::literal, std::string(text), 0});
}

std::optional<std::string> NameTemplate::fill(const NameSource& source, std::string& problem) const {
  std::string name;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::pointer) {
      const Value* value = source.at(piece.place);
      if (value == nullptr || !good(*value)) {
        problem = "has no value at " + piece.text.substr(1, piece.text.size() - 2);
        return std::nullopt;
      }
      name += std::get<std::string>(*value);
    } else if (piece.kind == Piece::Kind::element) {
      name += source.element;
    } else {
      const bool level = piece.kind == Piece::Kind::level && piece.place < source.levels.size();
      name += level ? source.levels[piece.place] : std::string_view(piece.text);
    }
    if (name.size() > longest_name) {
      problem = "is longer than 255 bytes";
      return std::nullopt;
    }
  }
  return name;
}

}  // namespace fieldpost::drivers::mqtt
