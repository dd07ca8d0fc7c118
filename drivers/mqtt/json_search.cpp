#include "drivers/mqtt/json_search.h"

#include <utility>

namespace fieldpost::drivers::mqtt {

Bad JsonSearch::bad(const char* what) const {
  return Bad{pointer_->text().empty() ? what : what + (" at " + pointer_->text())};
}

void JsonSearch::fail(const char* what) {
  keep(bad(what));
}

void JsonSearch::keep(Value value) {
  if (!pointer_->star()) {
    found_.value = std::move(value);
    found_any_ = true;
    return;
  }
  auto& elements = found_.elements;
  if (!elements.empty() && elements.back().number + 1 == elements_) {
    if (!element_twice_) elements.back().value = std::move(value);
  } else if (elements.size() == most_readings) {
    more_ = true;
  } else {
    elements.push_back({elements_ - 1, element_, std::move(value)});
  }
}

void JsonSearch::next_element(std::string_view name, bool in_array) {
  here_ = true;
  if (!in_array) {
    const auto [known, is_new] = members_.try_emplace(std::string(name), false);
    known->second = !is_new;
  }
  ++elements_;
  element_ = name;
  element_twice_ = false;
  met_ &= (std::uint64_t{1} << *pointer_->star()) - 1;
}

void JsonSearch::step(std::size_t depth, std::string_view token, bool in_array) {
  here_ = entered_ == depth && pointer_->levels().size() >= depth;
  if (!here_) return;
  const std::size_t level = depth - 1;
  if (pointer_->star() == level) return next_element(token, in_array);
  here_ = pointer_->levels()[level] == token;
  if (!here_ || in_array) return;
  const std::uint64_t bit = std::uint64_t{1} << level;
  if ((met_ & bit) != 0 && pointer_->star() && level > *pointer_->star()) {
    fail("duplicate key");
    element_twice_ = true;
  } else if ((met_ & bit) != 0) {
    twice_ = true;
  }
  met_ |= bit;
}

JsonFound JsonSearch::result(std::string& problem, bool& more) {
  more = more || more_;
  if (!pointer_->star()) {
    if (twice_) fail("duplicate key");
    if (!found_any_) fail("no value");
    return std::move(found_);
  }
  if (twice_ && problem.empty()) problem = bad("duplicate key").reason;
  for (JsonElement& element : found_.elements) {
    const auto member = members_.find(element.name);
    if (member != members_.end() && member->second) element.value = bad("duplicate key");
  }
  return std::move(found_);
}

}  // namespace fieldpost::drivers::mqtt
