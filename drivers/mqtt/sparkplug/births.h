// What edge nodes have said of themselves at their births: their metrics' names, aliases, types and units. Pure;
// bounded by whoever keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "drivers/mqtt/sparkplug/payload.h"

namespace fieldpost::drivers::mqtt::sparkplug {

struct Point {
  std::string name;
  std::string unit;
  std::optional<std::uint32_t> type;
  std::uint64_t heard = 0;  // the number of the last message that had it
};

/// Of a device, or of an edge node's own metrics. Points stay where they are as long as it lives, also when it is
/// moved.
class Birth {
 public:
  /// A name that is there already is the same point.
  Point& add(const Metric& metric);

  /// By the name where the metric has one, else by the alias. Null: it is not of this birth, or two have its alias.
  Point* find(const Metric& metric);

  /// What it has and `other` has not, by name.
  Birth without(const Birth& other) const;

  const std::deque<Point>& points() const { return points_; }
  /// Of memory, about.
  std::size_t bytes() const { return bytes_; }

 private:
  std::deque<Point> points_;
  std::unordered_map<std::string_view, Point*> by_name_;  // keys are views into points_
  std::unordered_map<std::uint64_t, Point*> by_alias_;    // null: more than one has it
  std::size_t bytes_ = 0;
};

using Births = std::map<std::string, Birth, std::less<>>;  // by device

/// One edge node.
struct Node {
  std::string group;
  std::string name;
  bool born = false;  // its NBIRTH is known
  Birth own;
  Births devices;
  Births missing;  // devices that have not been born again since the node was
  Births unborn;   // what data has given by name and type, and no birth has; the node's own by ""
  std::optional<std::uint64_t> seq;
  std::optional<std::uint64_t> death_number;
  bool wanting = false;               // its births should be asked for
  std::int64_t asked = 0;             // when that was done, microseconds of CLOCK_BOOTTIME
  std::int64_t pause = 0;             // until it is asked again, microseconds; 0: it was never asked
  bool answered = false;              // it was born since it was asked
  bool hurried = false;               // it was asked before the pause was over, as it had answered
  std::optional<std::int64_t> due{};  // when it is to be asked, see Nodes::schedule()

  std::size_t bytes() const;
};

/// The edge nodes heard of, the most recently heard first.
class Nodes {
 public:
  /// Makes it where it is not known. Valid until it is forgotten.
  Node& of(std::string_view group, std::string_view name);
  /// Null: it is not known.
  Node* find(std::string_view group, std::string_view name);

  /// To be called with the one that `of` or `find` gave last when its births have changed. Forgets others until all
  /// take no more than `most` bytes. How many were forgotten.
  std::size_t make_room(std::size_t most);
  /// Gives the one away that `of` or `find` gave last.
  Node take_out();

  /// When the node is to be asked for its births; nothing: it is not.
  void schedule(Node& node, std::optional<std::int64_t> due);
  /// The node that is to be asked first, where its time has come; null: there is none. To ask is not to hear.
  Node* due(std::int64_t now) const;

  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    Node node;
    std::size_t bytes = 0;  // as counted in bytes_
  };
  using Entries = std::list<Entry>;

  void forget(Entries::iterator entry);

  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // keys are views into entries_
  std::set<std::pair<std::int64_t, Node*>> agenda_;                 // by Node::due
  std::size_t bytes_ = 0;
};

}  // namespace fieldpost::drivers::mqtt::sparkplug
