// One table of a document, read key by key: every problem goes into the report with its place, and reading goes on.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/document.h"
#include "config/problem.h"
#include "config/quantity.h"
#include "config/text.h"

namespace fieldpost::config {

struct Report {
  std::string file;
  std::vector<Problem> problems;

  void add(Place place, std::string key, std::string message);
};

class Fields {
 public:
  /// The node is a table and, like the report, outlives this. `path` is its dotted key, empty for the root.
  Fields(const Node& table, std::string path, Report& report);

  const std::string& path() const { return path_; }
  Place place() const { return table_->place; }
  /// Does not make it a known key, as find() does.
  bool has(std::string_view key) const;

  /// Nothing where the key is absent; it is a known key from now on.
  const Node* find(std::string_view key);

  /// A problem at the key's value, or at the table where the key is absent.
  void wrong(std::string_view key, const std::string& message);
  void wrong_at(Place place, std::string_view key, const std::string& message);
  /// wrong() with the value, which is a string, in front.
  void wrong_value(std::string_view key, std::string_view value, const std::string& message);

  /// The key must be there: false, and a problem that says what to write, where it is not.
  bool require(std::string_view key, std::string_view remedy);

  /// Each of the readers below returns nothing, or leaves `into` as it is, where the key is absent or, after a problem,
  /// where its value is wrong. No string holds a control character.
  std::optional<std::string> text(std::string_view key);
  /// A text that names something: 1 to 255 bytes.
  std::optional<std::string> name(std::string_view key);
  void boolean(std::string_view key, bool& into);
  void integer(std::string_view key, int& into, int low, int high);
  void duration(std::string_view key, Duration& into, Duration low, Duration high);
  void size(std::string_view key, std::uint64_t& into, std::uint64_t low, std::uint64_t high);
  void rate(std::string_view key, std::optional<double>& into, std::uint64_t low, std::uint64_t high);

  /// One of the words; a word of `to_come` is refused as one that a later version takes.
  using Words = std::initializer_list<std::string_view>;
  std::optional<std::string> choice(std::string_view key, Words words, Words to_come = {});

  template <typename T>
  bool take(std::string_view key, T& into, Parsed<T> (*parse)(std::string_view)) {
    const std::optional<std::string> value = text(key);
    if (!value) return false;
    Parsed<T> parsed = parse(*value);
    if (const auto* refused = std::get_if<Wrong>(&parsed)) {
      wrong_value(key, *value, refused->what);
      return false;
    }
    into = std::get<T>(std::move(parsed));
    return true;
  }

  /// [key]; an empty table where it is absent, nothing where it is no table, which is a problem.
  std::optional<Fields> table(std::string_view key);
  /// [[key]]. The path of each is its name where it has a usable one, else its number from 1.
  std::vector<Fields> tables(std::string_view key);

  /// To be called last: every key that was not asked for is a problem. `to_come` are the keys of later versions.
  void finish(Words to_come = {});

 private:
  std::string path_of(std::string_view key) const;
  void learn(std::string_view key);
  /// A problem where the key is there with something else.
  bool is_string(std::string_view key, std::string_view wanted);
  /// The key is there with a string.
  const std::string& written(std::string_view key) const;
  const Member* member(std::string_view key) const;
  void wrong_type(std::string_view key, std::string_view wanted, const Node& node);

  const Node* table_;
  std::string path_;
  Report* report_;
  std::vector<std::string> known_;
};

/// "a string", "a table", for messages.
std::string_view type_name(const Node& node);

}  // namespace fieldpost::config
