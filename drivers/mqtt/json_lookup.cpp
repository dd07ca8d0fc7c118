#include "drivers/mqtt/json_lookup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/text.h"
#include "drivers/mqtt/json_leaves.h"
#include "drivers/mqtt/json_search.h"

namespace fieldpost::drivers::mqtt {
namespace {

using nlohmann::json;

constexpr std::size_t deepest = 64;

std::string unescape(std::string_view token) {
  std::string out;
  for (std::size_t at = 0; at < token.size(); ++at) {
    const bool escaped = token[at] == '~' && at + 1 < token.size() && (token[at + 1] == '0' || token[at + 1] == '1');
    if (escaped) ++at;
    out += !escaped ? token[at] : token[at] == '0' ? '~' : '/';
  }
  return out;
}

class Reader final : public json::json_sax_t {
 public:
  Reader(std::span<const JsonPointer> pointers, const std::optional<std::string>& below)
      : searches_(pointers.begin(), pointers.end()) {
    if (below) leaves_.emplace(*below);
  }

  bool null() override {
    arrive();
    for (JsonSearch& search : searches_) {
      if (search.wants(open_.size())) search.fail("null");
    }
    return true;
  }
  bool boolean(bool value) override { return number_or_boolean(value, value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override { return integer(std::int64_t{value}); }
  bool number_unsigned(json::number_unsigned_t value) override {
    if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return integer(static_cast<std::int64_t>(value));
    }
    return integer(std::uint64_t{value});
  }
  bool number_float(json::number_float_t value, const std::string& written) override {
    return number_or_boolean(number(value), written);
  }
  bool string(std::string& value) override {
    arrive();
    found(value, value);
    return true;
  }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(false); }
  bool start_array(std::size_t) override { return enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool key(std::string& text) override {
    step(text, false);
    return true;
  }

  bool parse_error(std::size_t, const std::string& token, const json::exception& error) override {
    constexpr int number_overflow = 406;
    constexpr std::size_t shown_digits = 40;
    if (error.id != number_overflow) return refuse();
    problem_ = "number out of range: " + config::printable(token, shown_digits);
    return false;
  }

  /// For whoever sees it before the parser does.
  bool refuse() {
    problem_ = "not JSON";
    return false;
  }

  JsonLookup result() {
    JsonLookup result;
    result.problem = std::move(problem_);
    result.at.reserve(searches_.size());
    for (JsonSearch& search : searches_) {
      result.at.push_back(search.result(result.problem, result.more));
    }
    if (leaves_) leaves_->result(result);
    return result;
  }

 private:
  struct Container {
    bool array = false;
    std::size_t next = 0;
  };

  template <typename Scalar>
  void found(const Scalar& value, std::string_view written) {
    for (JsonSearch& search : searches_) {
      if (search.wants(open_.size())) search.take(value, written);
    }
  }

  template <typename Integer>
  bool integer(Integer value) {
    std::array<char, 24> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return number_or_boolean(value, {digits.data(), written.ptr});
  }

  template <typename Scalar>
  bool number_or_boolean(const Scalar& value, std::string_view written) {
    arrive();
    found(value, written);
    if (leaves_) leaves_->take(value);
    return true;
  }

  bool enter(bool array) {
    arrive();
    if (open_.size() == deepest) {
      problem_ = "nested deeper than 64 levels";
      return false;
    }
    for (JsonSearch& search : searches_) {
      if (search.wants(open_.size())) search.fail("not a scalar");
      search.enter(open_.size());
    }
    if (leaves_) leaves_->enter();
    open_.push_back({array});
    return true;
  }

  bool leave() {
    for (JsonSearch& search : searches_) {
      search.leave(open_.size());
    }
    if (leaves_) leaves_->leave();
    open_.pop_back();
    return true;
  }

  /// The next value of the innermost container has this key or index.
  void step(std::string_view token, bool in_array) {
    for (JsonSearch& search : searches_) {
      search.step(open_.size(), token, in_array);
    }
    if (leaves_) leaves_->step(token, in_array);
  }

  /// Before each value: only an array has to count.
  void arrive() {
    if (!open_.empty() && open_.back().array) step(std::to_string(open_.back().next++), true);
  }

  std::vector<JsonSearch> searches_;
  std::optional<JsonLeaves> leaves_;
  std::vector<Container> open_;
  std::string problem_;
};

}  // namespace

JsonPointer::JsonPointer(std::string text, Gives gives) : text_(std::move(text)), gives_(gives) {
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t end = std::min(text_.find('/', at + 1), text_.size());
    const std::string_view token = std::string_view(text_).substr(at + 1, end - at - 1);
    if (token == "*" && !star_) star_ = levels_.size();
    levels_.push_back(unescape(token));
    at = end;
  }
}

JsonLookup look_up(std::string_view json, std::span<const JsonPointer> pointers,
                   const std::optional<std::string>& below) {
  Reader reader(pointers, below);
  // The parser takes a NUL for the end and would drop what stands behind it. JSON has none: strings write \u0000.
  if (json.find('\0') == std::string_view::npos) {
    nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  } else {
    reader.refuse();
  }
  return reader.result();
}

}  // namespace fieldpost::drivers::mqtt
