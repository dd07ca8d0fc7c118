#include "agent/payload_leaves.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "agent/text.h"
#include "config/text.h"

namespace fieldpost {
namespace {

using nlohmann::json;

constexpr std::size_t largest_payload = 1U << 20;  // bytes: no reading is made of more
constexpr std::size_t deepest = 64;                // levels: the same
constexpr std::size_t shown_leaves = 12;
constexpr std::size_t shown_pointer = 255;  // bytes

/// As events, since a document would look for each key among all those before it.
class Leaves final : public json::json_sax_t {
 public:
  bool null() override { return leaf("null"); }
  bool boolean(bool value) override { return leaf(value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override { return leaf(std::to_string(value)); }
  bool number_unsigned(json::number_unsigned_t value) override { return leaf(std::to_string(value)); }
  bool number_float(json::number_float_t /*value*/, const std::string& written) override { return leaf(written); }
  bool string(std::string& value) override { return leaf(json(value).dump()); }
  bool binary(json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return enter(false); }
  bool start_array(std::size_t /*size*/) override { return enter(true); }
  bool end_object() override { return leave("{}"); }
  bool end_array() override { return leave("[]"); }
  bool key(std::string& text) override {
    step(text);
    return true;
  }
  bool parse_error(std::size_t /*place*/, const std::string& /*token*/, const json::exception& /*error*/) override {
    text_.clear();
    count_ = 0;
    return false;
  }

  std::string text() const {
    return count_ > shown_leaves ? text_ + " and " + grouped(count_ - shown_leaves) + " more" : text_;
  }

 private:
  struct Container {
    bool array;
    std::size_t length;  // of its pointer
    std::size_t members = 0;
  };

  void step(std::string_view token) {
    path_.resize(open_.back().length);
    path_ += '/';
    for (const char c : token) {
      if (c == '~' || c == '/') {
        path_ += c == '~' ? "~0" : "~1";
      } else {
        path_ += c;
      }
    }
  }

  /// Before each value: the key of an object's has been told.
  void arrive() {
    if (open_.empty()) return;
    Container& container = open_.back();
    if (container.array) step(std::to_string(container.members));
    ++container.members;
  }

  bool enter(bool array) {
    arrive();
    if (open_.size() == deepest) return false;  // which ends the reading
    open_.push_back({array, path_.size()});
    return true;
  }

  bool leave(std::string_view empty) {
    const Container container = open_.back();
    open_.pop_back();
    path_.resize(container.length);
    if (container.members == 0) add(empty);
    return true;
  }

  bool leaf(std::string_view value) {
    arrive();
    add(value);
    return true;
  }

  void add(std::string_view value) {
    if (open_.empty()) return;  // the whole document, which has no pointer to look for
    if (++count_ > shown_leaves) return;
    text_ += text_.empty() ? "" : ", ";
    text_ += config::printable(path_, shown_pointer) + " = " + config::printable(value);
  }

  std::string path_;
  std::vector<Container> open_;
  std::string text_;
  std::size_t count_ = 0;
};

}  // namespace

std::string leaves_text(std::string_view payload) {
  // A NUL would be the end for the parser; JSON has none.
  if (payload.size() > largest_payload || payload.find('\0') != std::string_view::npos) return "";
  Leaves leaves;
  json::sax_parse(payload.begin(), payload.end(), &leaves);
  return leaves.text();
}

}  // namespace fieldpost
