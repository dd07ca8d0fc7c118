#include "buffer/page.h"

#include <algorithm>
#include <unordered_set>

namespace fieldpost::pages {
namespace {

constexpr std::size_t kDatabaseHeaderBytes = 100;
// No table of ours has more columns.
constexpr std::size_t kMostColumns = 16;

/// Section 1.6: how much of a record that does not fit stays in its cell.
constexpr std::uint64_t kLeast = (kPageBytes - 12) * 32 / 255 - 23;
constexpr std::uint64_t kMostInTable = kPageBytes - 35;
constexpr std::uint64_t kMostInIndex = (kPageBytes - 12) * 64 / 255 - 23;

/// At most 9 bytes, the highest first; moves `at` behind it. Nothing: it goes beyond the end.
std::optional<std::uint64_t> varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) return value << 8 | byte;
    value = value << 7 | (byte & 0x7fU);
    if (byte < 0x80) break;
  }
  return value;
}

Kind kind_of(char type) {
  switch (type) {
    case 0x02:
      return Kind::index_interior;
    case 0x05:
      return Kind::table_interior;
    case 0x0a:
      return Kind::index_leaf;
    case 0x0d:
      return Kind::table_leaf;
    default:
      return Kind::other;
  }
}

/// The serial types of section 2.1.
char letter_of(std::uint64_t type) {
  if (type == 0) return 'n';
  if (type <= 6 || type == 8 || type == 9) return 'i';
  if (type == 7) return 'r';
  if (type < 12) return '?';
  return type % 2 == 0 ? 'b' : 't';
}

std::uint64_t size_of(std::uint64_t type) {
  constexpr std::array<std::uint64_t, 12> kSizes{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  return type < kSizes.size() ? kSizes[type] : (type - 12) / 2;
}

}  // namespace

PageView::PageView(const Page& page, Number number)
    : bytes_(page.data(), page.size()), header_(number == 1 ? kDatabaseHeaderBytes : 0), kind_(kind_of(page[header_])) {
  if (kind_ == Kind::other) return;
  const bool interior = kind_ == Kind::table_interior || kind_ == Kind::index_interior;
  pointers_ = header_ + (interior ? 12 : 8);
  cells_ = word(bytes_, header_ + 3, 2);
  if (cells_ > (kPageBytes - pointers_) / 2) {
    cells_ = 0;
    kind_ = Kind::other;
  }
}

std::optional<Cell> PageView::cell(std::size_t index) const {
  if (index >= cells_) return std::nullopt;
  std::size_t at = word(bytes_, pointers_ + 2 * index, 2);
  if (at < pointers_ + 2 * cells_) return std::nullopt;
  Cell cell;
  if (kind_ == Kind::table_interior || kind_ == Kind::index_interior) {
    cell.child = static_cast<Number>(word(bytes_, at, 4));
    at += 4;
  }
  const bool table = kind_ == Kind::table_interior || kind_ == Kind::table_leaf;
  if (kind_ != Kind::table_interior) {
    const auto size = varint(bytes_, at);
    if (!size) return std::nullopt;
    cell.size = *size;
  }
  if (table) {
    const auto id = varint(bytes_, at);
    if (!id) return std::nullopt;
    cell.id = static_cast<std::int64_t>(*id);
  }
  if (kind_ == Kind::table_interior) return cell;
  const std::uint64_t most = table ? kMostInTable : kMostInIndex;
  std::uint64_t local = cell.size;
  if (cell.size > most) {
    const std::uint64_t tidy = kLeast + (cell.size - kLeast) % (kPageBytes - 4);
    local = tidy <= most ? tidy : kLeast;
  }
  if (at > bytes_.size() || local > bytes_.size() - at) return std::nullopt;
  cell.local = bytes_.substr(at, local);
  if (cell.size > most) cell.overflow = static_cast<Number>(word(bytes_, at + local, 4));
  return cell;
}

std::optional<std::string> whole(const PageFile& file, const Cell& cell) {
  std::string bytes(cell.local);
  std::unordered_set<Number> met;
  Page page;
  for (Number next = cell.overflow; bytes.size() < cell.size;) {
    if (next > file.count() || !met.insert(next).second || !file.read(next, page)) return std::nullopt;
    const std::string_view content(page.data(), page.size());
    next = static_cast<Number>(word(content, 0, 4));
    bytes.append(content.substr(4, std::min<std::uint64_t>(cell.size - bytes.size(), kPageBytes - 4)));
  }
  return bytes;
}

std::optional<Record> Record::parse(std::string_view part, std::uint64_t size) {
  std::size_t at = 0;
  const auto header = varint(part, at);
  if (!header || *header > part.size() || *header < at) return std::nullopt;
  Record record;
  record.part_ = part;
  std::uint64_t behind = *header;
  while (at < *header) {
    const auto type = varint(part.substr(0, *header), at);
    if (!type || record.columns_.size() == kMostColumns) return std::nullopt;
    record.shape_.push_back(letter_of(*type));
    record.columns_.push_back({*type, behind});
    if (size_of(*type) > size - std::min(size, behind)) return std::nullopt;
    behind += size_of(*type);
  }
  if (behind != size) return std::nullopt;
  return record;
}

std::int64_t Record::number(std::size_t column) const {
  const auto [type, at] = columns_.at(column);
  if (type == 8 || type == 9) return static_cast<std::int64_t>(type - 8);
  const std::uint64_t size = size_of(type);
  if (size == 0) return 0;
  const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<std::int64_t>(word(part_, at, size) << unused) >> unused;
}

std::uint64_t Record::size(std::size_t column) const {
  return size_of(columns_.at(column).type);
}

std::string_view Record::bytes(std::size_t column) const {
  const auto [type, at] = columns_.at(column);
  return at > part_.size() ? std::string_view() : part_.substr(at, size_of(type));
}

}  // namespace fieldpost::pages
