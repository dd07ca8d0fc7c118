#include "drivers/mqtt/assembly.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "drivers/mqtt/scalar.h"
#include "drivers/mqtt/topic.h"

namespace fieldpost::drivers::mqtt {
namespace {

/// An element of which something was found; without a * in the rule there is one, which has no name.
struct Element {
  std::size_t number = 0;
  std::string name;
};

class Assembly {
 public:
  Assembly(const Plan& plan, const Levels& levels, JsonLookup found)
      : plan_(plan), levels_(levels), found_(std::move(found)) {}

  Decoded run() {
    if (plan_.rule->all) {
      add_leaves();
    } else if (!plan_.starred) {
      add({});
    } else {
      const std::vector<Element> elements = all_elements();
      for (const Element& element : elements) {
        add(element);
      }
      if (elements.empty()) nothing();
    }
    if (decoded_.problem.empty()) decoded_.problem = std::move(value_problem_);
    if (found_.more) decoded_.problem = "more than 10,000 readings: the others are left out";
    return std::move(decoded_);
  }

 private:
  /// Null: nothing is there.
  const Value* at(std::size_t pointer, const Element& element) const {
    const JsonFound& found = found_.at[pointer];
    if (!plan_.pointers[pointer].star()) return &found.value;
    const auto place =
        std::lower_bound(found.elements.begin(), found.elements.end(), element.number,
                         [](const JsonElement& each, std::size_t number) { return each.number < number; });
    return place != found.elements.end() && place->number == element.number ? &place->value : nullptr;
  }

  std::vector<Element> all_elements() const {
    std::vector<Element> all;
    for (std::size_t i = 0; i < plan_.rule->values.size(); ++i) {
      for (const JsonElement& each : found_.at[i].elements) {
        all.push_back({each.number, each.name});
      }
    }
    const auto less = [](const Element& a, const Element& b) { return a.number < b.number; };
    std::stable_sort(all.begin(), all.end(), less);
    const auto same = [](const Element& a, const Element& b) { return a.number == b.number; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    return all;
  }

  NameSource source(const Element& element) const {
    return {levels_, [this, &element](std::size_t pointer) { return at(pointer, element); }, element.name};
  }

  std::optional<std::string> device(const NameSource& names) {
    std::string problem;
    std::optional<std::string> name = plan_.device.fill(names, problem);
    problem = name ? wrong_with(*name) : "name " + problem;
    if (problem.empty()) return name;
    decoded_.problem = "device " + problem;
    return std::nullopt;
  }

  std::optional<std::int64_t> time(const Element& element) {
    return plan_.time(levels_, plan_.time_pointer ? at(*plan_.time_pointer, element) : nullptr, decoded_.problem);
  }

  /// The last portion, where it is of this device and time and has none of the names; else a new one.
  Portion& portion(const std::string& device, std::optional<std::int64_t> wall, const std::vector<PointName>& points) {
    auto& portions = decoded_.portions;
    const bool same = !portions.empty() && portions.back().device == device && portions.back().wall == wall &&
                      std::none_of(points.begin(), points.end(),
                                   [this](const PointName& point) { return names_.contains(point.name); });
    if (!same) {
      portions.push_back({device, {}, {}, wall});
      names_.clear();
    }
    for (const PointName& point : points) {
      names_.insert(point.name);
    }
    return portions.back();
  }

  void add(const Element& element) {
    const NameSource names = source(element);
    const auto device_name = device(names);
    if (!device_name) return;
    const auto wall = time(element);
    std::vector<PointName> points;
    std::vector<Value> values;
    for (std::size_t i = 0; i < plan_.rule->values.size(); ++i) {
      const Value* scalar = at(i, element);
      if (scalar == nullptr) continue;
      std::string problem;
      auto point = plan_.point_name(names, plan_.rule->values[i].point.name, problem);
      if (!point) {
        decoded_.problem = "point " + problem;
        continue;
      }
      auto unit = plan_.units[i].fill(names, problem);
      if (!unit) decoded_.problem = "unit " + problem;
      points.push_back({*std::move(point), std::move(unit).value_or("")});
      values.push_back(convert(plan_.rule->values[i], *scalar));
      if (const auto* bad = std::get_if<Bad>(&values.back())) value_problem_ = bad->reason;
    }
    put(*device_name, wall, std::move(points), std::move(values));
  }

  void put(const std::string& device, std::optional<std::int64_t> wall, std::vector<PointName> points,
           std::vector<Value> values) {
    if (points.empty()) return;
    if (readings_ + points.size() > most_readings) {
      found_.more = true;
      return;
    }
    readings_ += points.size();
    Portion& into = portion(device, wall, points);
    std::move(points.begin(), points.end(), std::back_inserter(into.points));
    std::move(values.begin(), values.end(), std::back_inserter(into.values));
  }

  void add_leaves() {
    const NameSource names = source({});
    const auto device_name = device(names);
    if (!device_name) return;
    const auto wall = time({});
    std::vector<PointName> points;
    std::vector<Value> values;
    for (JsonLeaf& leaf : found_.leaves) {
      if (leaf.path == plan_.rule->time) continue;
      std::string problem;
      auto point = plan_.point_name(names, std::string_view(leaf.path).substr(plan_.rule->all->size() + 1), problem);
      if (!point) {
        decoded_.problem = "point " + problem;
        continue;
      }
      points.push_back({*std::move(point), ""});
      values.push_back(std::move(leaf.value));
      if (const auto* bad = std::get_if<Bad>(&values.back())) value_problem_ = bad->reason;
    }
    if (found_.too_long) decoded_.problem = "point name is longer than 255 bytes";
    if (points.empty() && decoded_.problem.empty()) {
      decoded_.problem = "no number or boolean" + (plan_.rule->all->empty() ? "" : " below " + *plan_.rule->all);
    }
    put(*device_name, wall, std::move(points), std::move(values));
  }

  /// No element has a value: bad readings, where the topic names them.
  void nothing() {
    decoded_.problem = "no value at " + plan_.rule->values.front().pointer;
    if (!plan_.named_by_topic) return;
    Names names = plan_.names(levels_);
    if (!names.problem.empty()) {
      decoded_.problem = std::move(names.problem);
      return;
    }
    std::vector<Value> values(names.points.size(), Bad{decoded_.problem});
    put(names.device, std::nullopt, std::move(names.points), std::move(values));
  }

  const Plan& plan_;
  const Levels& levels_;
  JsonLookup found_;
  Decoded decoded_;
  std::string value_problem_;  // the bad reading says it as well, so that any other problem is told first
  std::size_t readings_ = 0;
  std::unordered_set<std::string> names_;  // of the last portion
};

}  // namespace

Decoded assemble(const Plan& plan, const Levels& levels, JsonLookup found) {
  return Assembly(plan, levels, std::move(found)).run();
}

}  // namespace fieldpost::drivers::mqtt
