#include "drivers/mqtt/json_lookup.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

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

/// One pointer, and how far the place that is being read agrees with it.
struct Search {
  explicit Search(const std::string& text) : pointer(text), found(Bad{"no value at " + text}) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at + 1), text.size());
      tokens.push_back(unescape(std::string_view(text).substr(at + 1, end - at - 1)));
      at = end;
    }
    if (text.empty()) found = Bad{"no value"};
  }

  void fail(const char* what) { found = Bad{pointer.empty() ? what : what + (" at " + pointer)}; }

  std::string pointer;
  std::vector<std::string> tokens;
  std::size_t entered = 0;  // open containers, from the outermost, that lie on the way
  bool here = true;         // the next value of the innermost container lies on the way
  std::uint64_t met = 0;    // bit n: the key of level n was read
  bool twice = false;       // one of them again
  Value found;
};

class Reader final : public json::json_sax_t {
 public:
  explicit Reader(std::span<const std::string> pointers) : searches_(pointers.begin(), pointers.end()) {}

  bool null() override {
    arrive();
    for (Search& search : searches_) {
      if (is_target(search)) search.fail("null");
    }
    return true;
  }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(json::number_integer_t value) override { return scalar(std::int64_t{value}); }
  bool number_unsigned(json::number_unsigned_t value) override {
    if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return scalar(static_cast<std::int64_t>(value));
    }
    return scalar(std::uint64_t{value});
  }
  bool number_float(json::number_float_t value, const std::string&) override { return scalar(number(value)); }
  bool string(std::string& value) override { return scalar(value); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(false); }
  bool start_array(std::size_t) override { return enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool key(std::string& text) override {
    step(text, false);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    constexpr int number_overflow = 406;
    problem_ = error.id == number_overflow ? "number out of range" : "not JSON";
    return false;
  }

  JsonLookup result() {
    JsonLookup result{std::move(problem_), {}};
    for (Search& search : searches_) {
      if (search.twice) search.fail("duplicate key");
      result.at.push_back(std::move(search.found));
    }
    return result;
  }

 private:
  struct Container {
    bool array = false;
    std::size_t next = 0;
  };

  bool on_the_way(const Search& search) const { return search.entered == open_.size() && search.here; }
  bool is_target(const Search& search) const { return on_the_way(search) && search.tokens.size() == open_.size(); }

  template <typename Scalar>
  bool scalar(const Scalar& value) {
    arrive();
    for (Search& search : searches_) {
      if (is_target(search)) search.found = value;
    }
    return true;
  }

  bool enter(bool array) {
    arrive();
    if (open_.size() == deepest) {
      problem_ = "nested deeper than 64 levels";
      return false;
    }
    for (Search& search : searches_) {
      if (is_target(search)) {
        search.fail("not a scalar");
      } else if (on_the_way(search)) {
        ++search.entered;
      }
    }
    open_.push_back({array});
    return true;
  }

  bool leave() {
    for (Search& search : searches_) {
      if (search.entered == open_.size()) --search.entered;
    }
    open_.pop_back();
    return true;
  }

  /// The next value of the innermost container has this key or index.
  void step(std::string_view token, bool repeatable) {
    const std::size_t depth = open_.size();
    for (Search& search : searches_) {
      search.here = search.entered == depth && search.tokens.size() >= depth && search.tokens[depth - 1] == token;
      if (!search.here || repeatable) continue;
      const std::uint64_t level = std::uint64_t{1} << (depth - 1);
      if ((search.met & level) != 0) search.twice = true;
      search.met |= level;
    }
  }

  /// Before each value: only an array has to count.
  void arrive() {
    if (!open_.empty() && open_.back().array) step(std::to_string(open_.back().next++), true);
  }

  std::vector<Search> searches_;
  std::vector<Container> open_;
  std::string problem_;
};

}  // namespace

JsonLookup look_up(std::string_view json, std::span<const std::string> pointers) {
  Reader reader(pointers);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  return reader.result();
}

}  // namespace fieldpost::drivers::mqtt
