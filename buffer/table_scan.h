// Finds the rows of one table of a damaged database: those that its b-tree still leads to, and then those on leaves
// that nothing leads to any more. Leaves alone are read here, no overflow page.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "buffer/page.h"
#include "buffer/seq_set.h"

namespace fieldpost::pages {

/// Where a row stands.
struct Place {
  std::int64_t id = 0;
  Number page = 0;
  std::uint16_t cell = 0;
};

class TableScan {
 public:
  /// Tells whether a record, of which the part on the leaf is there, can be a row of this table.
  using IsRow = std::function<bool(const Record&)>;

  explicit TableScan(IsRow is_row);

  /// Takes the rows under `root`. `met` marks, by number, the pages that belong to a tree for certain.
  void walk(const PageFile& file, Number root, std::vector<bool>& met);
  /// Takes the rows of a leaf whose place in the tree is not known, if they lie where walk() could not look.
  void take_stray(const PageView& page, Number number);
  /// There is no such table.
  void absent() { unseen_ = {}; }

  bool complete() const { return unseen_.empty(); }
  /// Ids, from 1 on, of which it is not known whether there is a row.
  const SeqSet& unseen() const { return unseen_; }
  void unsee(std::int64_t id);
  /// Ascending by id.
  const std::vector<Place>& rows() const { return rows_; }
  /// Not sorted.
  std::vector<Place>& strays() { return strays_; }
  /// Puts the strays among the rows.
  void take_strays();

 private:
  struct Visit {
    Number page;
    SeqRange ids;  // which may stand under it
    unsigned depth;
  };
  bool take_leaf(const PageView& page, const Visit& at, bool root);
  bool take(const PageView& page, Number number, std::size_t cell, std::uint64_t lowest, std::uint64_t highest,
            std::vector<Place>& places);

  IsRow is_row_;
  SeqSet unseen_;
  std::vector<Place> rows_;
  std::vector<Place> strays_;
};

}  // namespace fieldpost::pages
