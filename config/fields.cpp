#include "config/fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/nearest.h"

namespace fieldpost::config {
namespace {

std::string entry_path(const std::string& path, const Node& table, std::size_t index) {
  for (const Member& each : std::get<Members>(table.value)) {
    const auto* name = each.key == "name" ? std::get_if<std::string>(&each.node.value) : nullptr;
    if (name != nullptr && !name->empty() && name->size() <= max_name && !has_control(*name)) {
      return path + "[" + printable(*name) + "]";
    }
  }
  return path + "[" + std::to_string(index + 1) + "]";
}

}  // namespace

std::string_view type_name(const Node& node) {
  constexpr std::array<std::string_view, 7> names{"a date or a time", "a boolean", "an integer", "a number",
                                                  "a string",         "an array",  "a table"};
  static_assert(names.size() == std::variant_size_v<decltype(Node::value)>);
  return names[node.value.index()];
}

void Report::add(Place place, std::string key, std::string message) {
  problems.push_back({file, place.line, place.column, std::move(key), std::move(message)});
}

Fields::Fields(const Node& table, std::string path, Report& report)
    : table_(&table), path_(std::move(path)), report_(&report) {}

std::string Fields::path_of(std::string_view key) const {
  return (path_.empty() ? path_ : path_ + ".") + printable(key);
}

const Member* Fields::member(std::string_view key) const {
  const auto& members = std::get<Members>(table_->value);
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.key == key; });
  return found != members.end() ? &*found : nullptr;
}

void Fields::learn(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

bool Fields::has(std::string_view key) const {
  return member(key) != nullptr;
}

const Node* Fields::find(std::string_view key) {
  learn(key);
  const Member* found = member(key);
  return found != nullptr ? &found->node : nullptr;
}

void Fields::wrong(std::string_view key, const std::string& message) {
  const Member* found = member(key);
  wrong_at(found != nullptr ? found->node.place : table_->place, key, message);
}

void Fields::wrong_at(Place place, std::string_view key, const std::string& message) {
  report_->add(place, path_of(key), message);
}

void Fields::wrong_value(std::string_view key, std::string_view value, const std::string& message) {
  wrong(key, in_quotes(value) + " " + message);
}

void Fields::wrong_type(std::string_view key, std::string_view wanted, const Node& node) {
  wrong(key, "must be " + std::string(wanted) + ", not " + std::string(type_name(node)));
}

bool Fields::require(std::string_view key, std::string_view remedy) {
  learn(key);
  if (has(key)) return true;
  wrong(key, "is missing: " + std::string(remedy));
  return false;
}

bool Fields::is_string(std::string_view key, std::string_view wanted) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (std::holds_alternative<std::string>(node->value)) return true;
  wrong_type(key, wanted, *node);
  return false;
}

const std::string& Fields::written(std::string_view key) const {
  return std::get<std::string>(member(key)->node.value);
}

std::optional<std::string> Fields::text(std::string_view key) {
  if (!is_string(key, "a string")) return std::nullopt;
  if (!has_control(written(key))) return written(key);
  wrong_value(key, written(key), "holds a control character");
  return std::nullopt;
}

std::optional<std::string> Fields::name(std::string_view key) {
  std::optional<std::string> value = text(key);
  if (!value || (!value->empty() && value->size() <= max_name)) return value;
  wrong_value(key, *value, "must be 1 to " + std::to_string(max_name) + " bytes");
  return std::nullopt;
}

void Fields::boolean(std::string_view key, bool& into) {
  const Node* node = find(key);
  if (node == nullptr) return;
  if (const auto* value = std::get_if<bool>(&node->value)) {
    into = *value;
  } else {
    wrong_type(key, "true or false", *node);
  }
}

void Fields::integer(std::string_view key, int& into, int low, int high) {
  const Node* node = find(key);
  if (node == nullptr) return;
  const auto* value = std::get_if<std::int64_t>(&node->value);
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  if (value == nullptr) {
    wrong_type(key, "a whole number from " + range, *node);
  } else if (*value < low || *value > high) {
    wrong(key, std::to_string(*value) + " is out of range: must be " + range);
  } else {
    into = static_cast<int>(*value);
  }
}

void Fields::duration(std::string_view key, Duration& into, Duration low, Duration high) {
  Duration value{};
  if (!is_string(key, "a duration such as \"200ms\"")) return;
  if (!take(key, value, parse_duration)) return;
  if (value < low || value > high) {
    wrong_value(key, written(key), "is out of range: must be " + to_text(low) + " to " + to_text(high));
  } else {
    into = value;
  }
}

void Fields::size(std::string_view key, std::uint64_t& into, std::uint64_t low, std::uint64_t high) {
  std::uint64_t value = 0;
  if (!is_string(key, "a size such as \"16MiB\"")) return;
  if (!take(key, value, parse_size)) return;
  if (value < low || value > high) {
    wrong_value(key, written(key), "is out of range: must be " + size_text(low) + " to " + size_text(high));
  } else {
    into = value;
  }
}

void Fields::rate(std::string_view key, std::optional<double>& into, std::uint64_t low, std::uint64_t high) {
  std::uint64_t value = 0;
  if (!is_string(key, "a rate such as \"5000/s\"")) return;
  if (!take(key, value, parse_rate)) return;
  if (value < low || value > high) {
    wrong_value(key, written(key), "is out of range: must be " + rate_text(low) + " to " + rate_text(high));
  } else {
    into = static_cast<double>(value);
  }
}

std::optional<std::string> Fields::choice(std::string_view key, Words words, Words to_come) {
  std::optional<std::string> value = text(key);
  if (!value || std::find(words.begin(), words.end(), *value) != words.end()) return value;
  const bool later = std::find(to_come.begin(), to_come.end(), *value) != to_come.end();
  wrong_value(key, *value, (later ? "is not built in this version: must be " : "must be ") + alternatives(words));
  return std::nullopt;
}

std::optional<Fields> Fields::table(std::string_view key) {
  static const Node absent{{}, Members{}};
  const Node* node = find(key);
  if (node == nullptr) node = &absent;
  if (std::holds_alternative<Members>(node->value)) return Fields(*node, path_of(key), *report_);
  wrong_type(key, "a table, [" + path_of(key) + "]", *node);
  return std::nullopt;
}

std::vector<Fields> Fields::tables(std::string_view key) {
  std::vector<Fields> entries;
  const Node* node = find(key);
  if (node == nullptr) return entries;
  const auto* list = std::get_if<List>(&node->value);
  if (list == nullptr) {
    wrong(key, "must be an array of tables, in double brackets, not " + std::string(type_name(*node)));
    return entries;
  }
  if (list->empty()) wrong(key, "is an empty list: put a table into it, or leave it out");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Node& each = (*list)[i];
    if (std::holds_alternative<Members>(each.value)) {
      entries.emplace_back(each, entry_path(path_of(key), each, i), *report_);
    } else {
      report_->add(each.place, path_of(key) + "[" + std::to_string(i + 1) + "]",
                   "must be a table, not " + std::string(type_name(each)));
    }
  }
  return entries;
}

void Fields::finish(Words to_come) {
  for (const Member& each : std::get<Members>(table_->value)) {
    if (std::find(known_.begin(), known_.end(), each.key) != known_.end()) continue;
    std::string message;
    if (std::find(to_come.begin(), to_come.end(), each.key) != to_come.end()) {
      message = "is not built in this version; remove it";
    } else if (const std::string meant = nearest(each.key, known_); !meant.empty()) {
      message = "is unknown: did you mean " + in_quotes(meant) + "?";
    } else {
      message = "is unknown: must be " + alternatives(known_);
    }
    report_->add(each.place, path_of(each.key), message);
  }
}

}  // namespace fieldpost::config
