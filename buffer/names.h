// The names of the layouts in a database: each is kept once, in the table `layout`, under a number that batches refer
// to (FORMAT.md). Every member throws sqlite::Error.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "buffer/batch.h"
#include "buffer/sqlite.h"

namespace fieldpost {

/// The writer's side. Belongs to its connection; after a transaction that was rolled back it must not be used again.
class NamesWriter {
 public:
  explicit NamesWriter(sqlite::Connection& connection);

  /// The batch as it is stored, with numbers for its names: those that have none yet get one. Within a transaction.
  std::string stored(const Batch& batch);
  /// The bytes of the names that have no number yet, as far as this object remembers.
  std::uint64_t missing(const Batch& batch) const;
  /// No row refers to a name any more: forgets them all. Within a transaction.
  void clear();

 private:
  std::uint64_t number_of(const Layout& layout);

  struct Known {
    Layout layout;  // keeps the identity
    std::uint64_t number;
  };
  sqlite::Connection& connection_;
  sqlite::Statement find_;
  sqlite::Statement insert_;
  std::unordered_map<const void*, Known> known_;  // by identity
  std::vector<std::uint64_t> numbers_;
};

/// A reader's side. One thread at a time.
class NamesReader {
 public:
  explicit NamesReader(sqlite::Connection& connection);

  std::optional<Layout> of(std::uint64_t number);

 private:
  sqlite::Statement by_number_;
  sqlite::Statement spare_;
  std::unordered_map<std::uint64_t, Layout> known_;
};

}  // namespace fieldpost
