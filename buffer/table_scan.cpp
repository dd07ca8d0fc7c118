#include "buffer/table_scan.h"

#include <algorithm>
#include <utility>

namespace fieldpost::pages {
namespace {

constexpr std::uint64_t kHighestId = INT64_MAX;
// As SQLite's own limit; no file is large enough for more.
constexpr unsigned kDeepest = 20;

}  // namespace

TableScan::TableScan(IsRow is_row) : is_row_(std::move(is_row)) {
  unseen_.add({1, kHighestId});
}

void TableScan::unsee(std::int64_t id) {
  unseen_.add({static_cast<std::uint64_t>(id), static_cast<std::uint64_t>(id)});
}

bool TableScan::take(const PageView& page, Number number, std::size_t cell, std::uint64_t lowest, std::uint64_t highest,
                     std::vector<Place>& places) {
  const auto row = page.cell(cell);
  if (!row || row->id < 1) return false;
  const auto id = static_cast<std::uint64_t>(row->id);
  if (id < lowest || id > highest || !unseen_.overlaps({id, id})) return false;
  const auto record = Record::parse(row->local, row->size);
  if (!record || !is_row_(*record)) return false;
  places.push_back({row->id, number, static_cast<std::uint16_t>(cell)});
  return true;
}

// False: this is no page of this place.
bool TableScan::take_leaf(const PageView& page, const Visit& at, bool root) {
  if (page.cells() == 0) {
    if (root) unseen_.remove(at.ids);
    return root;
  }
  std::uint64_t lowest = at.ids.first;
  bool whole = true;  // everything between the good row before and here could be read
  bool any = false;
  for (std::size_t i = 0; i < page.cells(); ++i) {
    if (!take(page, at.page, i, lowest, at.ids.last, rows_)) {
      whole = false;
      continue;
    }
    const auto id = static_cast<std::uint64_t>(rows_.back().id);
    unseen_.remove({whole ? lowest : id, id});
    lowest = id + 1;
    whole = any = true;
  }
  if (any && whole) unseen_.remove({lowest, at.ids.last});
  return any;
}

void TableScan::take_stray(const PageView& page, Number number) {
  std::uint64_t lowest = 1;
  bool whole = false;  // what stands before the first row is not known
  for (std::size_t i = 0; i < page.cells(); ++i) {
    if (!take(page, number, i, lowest, kHighestId, strays_)) {
      whole = false;
      continue;
    }
    const auto id = static_cast<std::uint64_t>(strays_.back().id);
    unseen_.remove({whole ? lowest : id, id});
    lowest = id + 1;
    whole = true;
  }
}

void TableScan::walk(const PageFile& file, Number root, std::vector<bool>& met) {
  std::vector<Visit> visits{{root, {1, kHighestId}, 1}};
  std::vector<Visit> children;
  Page bytes;
  while (!visits.empty()) {
    const Visit at = visits.back();
    visits.pop_back();
    if (at.page >= met.size() || met[at.page] || !file.read(at.page, bytes)) continue;
    const PageView page(bytes, at.page);
    if (page.kind() == Kind::table_leaf) {
      if (take_leaf(page, at, at.page == root)) met[at.page] = true;
      continue;
    }
    if (page.kind() != Kind::table_interior || at.depth == kDeepest) continue;
    children.clear();
    std::uint64_t lowest = at.ids.first;
    bool good = true;
    for (std::size_t i = 0; i < page.cells() && good; ++i) {
      const auto cell = page.cell(i);
      const auto id = cell ? static_cast<std::uint64_t>(cell->id) : 0;
      good = cell && id >= lowest && id <= at.ids.last;
      if (!good) break;
      children.push_back({cell->child, {lowest, id}, at.depth + 1});
      lowest = id + 1;
    }
    if (!good) continue;
    met[at.page] = true;
    if (lowest <= at.ids.last) children.push_back({page.right_child(), {lowest, at.ids.last}, at.depth + 1});
    visits.insert(visits.end(), children.rbegin(), children.rend());  // the lowest is the next
  }
}

void TableScan::take_strays() {
  rows_.insert(rows_.end(), strays_.begin(), strays_.end());
  strays_ = {};
  std::sort(rows_.begin(), rows_.end(), [](const Place& a, const Place& b) { return a.id < b.id; });
}

}  // namespace fieldpost::pages
