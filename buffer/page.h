// What stands on a page: the cells of a b-tree and the records in them (SQLite file format, sections 1.6 and 2). The
// bytes may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/page_file.h"

namespace fieldpost::pages {

enum class Kind { other, index_interior, table_interior, index_leaf, table_leaf };

struct Cell {
  std::int64_t id = 0;     // of a table's row; in an interior page the highest one under `child`
  Number child = 0;        // of an interior page
  std::uint64_t size = 0;  // of the record
  std::string_view local;  // what of it stands here; the rest is in a chain of overflow pages
  Number overflow = 0;     // the first of them
};

/// The page must outlive it.
class PageView {
 public:
  PageView(const Page& page, Number number);

  Kind kind() const { return kind_; }
  std::size_t cells() const { return cells_; }
  Number right_child() const { return static_cast<Number>(word(bytes_, header_ + 8, 4)); }
  /// Nothing: no cell can be there.
  std::optional<Cell> cell(std::size_t index) const;

 private:
  std::string_view bytes_;
  std::size_t header_;  // where it begins
  Kind kind_ = Kind::other;
  std::size_t cells_ = 0;
  std::size_t pointers_ = 0;
};

/// A cell's record, with what is on overflow pages; nothing: its chain is broken.
std::optional<std::string> whole(const PageFile& file, const Cell& cell);

/// The columns of a record. Its bytes must outlive it.
class Record {
 public:
  /// `part`: the first bytes, at least the whole header of a record of `size` bytes. Nothing: it is none.
  static std::optional<Record> parse(std::string_view part, std::uint64_t size);
  static std::optional<Record> parse(std::string_view whole) { return parse(whole, whole.size()); }

  /// A letter for each column: n null, i integer, r real, t text, b blob.
  const std::string& shape() const { return shape_; }
  /// Of an integer; 0 where it is not in the part.
  std::int64_t number(std::size_t column) const;
  std::uint64_t count(std::size_t column) const { return static_cast<std::uint64_t>(number(column)); }
  /// Of a text or blob, as far as it is in the part.
  std::string_view bytes(std::size_t column) const;
  std::uint64_t size(std::size_t column) const;
  std::string text(std::size_t column) const { return std::string(bytes(column)); }

 private:
  struct Column {
    std::uint64_t type;
    std::uint64_t at;
  };
  std::string_view part_;
  std::string shape_;
  std::vector<Column> columns_;
};

}  // namespace fieldpost::pages
