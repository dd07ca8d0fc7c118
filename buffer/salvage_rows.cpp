#include "buffer/salvage_rows.h"

namespace fieldpost {
namespace {

using pages::Kind;
using pages::Page;
using pages::PageView;
using pages::Place;
using pages::Record;

// The first column of a table is its id, which stands in the cell: here it is null.
constexpr const char* kAccountV1 = "niiiiii";
constexpr const char* kAccount = "niiiiiiii";
constexpr std::uint64_t kMostInSession = std::uint64_t{1} << 53;

bool is_range(std::uint64_t first, std::uint64_t last, std::uint64_t readings) {
  return first >= 1 && last >= first && last < kMostInSession && readings >= 1 && readings <= last - first + 1;
}

Lane lane_of(std::int64_t number) {
  return number == 0 ? Lane::alarm : Lane::telemetry;
}

}  // namespace

bool is_batch(const Record& record) {
  return record.shape() == "niiiiib" && (record.number(1) == 0 || record.number(1) == 1) &&
         is_range(record.count(3), record.count(4), record.count(5));
}
bool is_layout(const Record& record) {
  return record.shape() == "nb";
}
bool is_rejected(const Record& record) {
  return record.shape() == "nttib";
}
bool is_evicted(const Record& record) {
  return record.shape() == "niiiiiti";
}
bool is_session(const Record& record) {
  return record.shape() == "nittiii";
}
bool is_account(const Record& record) {
  if (record.shape() != kAccount && record.shape() != kAccountV1) return false;
  for (std::size_t column = 1; column < record.shape().size(); ++column) {
    if (record.number(column) < 0) return false;
  }
  return true;
}
bool is_table_or_index(const Record& record) {
  return record.shape() == "tttit" || record.shape() == "tttin";
}
bool is_index_of_names(const Record& record) {
  return record.shape() == "bi";
}

std::optional<StoredRow> columns_of(const PageView& page, const Place& place) {
  const auto cell = page.cell(place.cell);
  const auto record = cell ? Record::parse(cell->local, cell->size) : std::nullopt;
  if (!record || !is_batch(*record)) return std::nullopt;
  StoredRow row;
  row.id = cell->id;
  row.lane = lane_of(record->number(1));
  row.session = record->count(2);
  row.range = {record->count(3), record->count(4)};
  row.readings = record->count(5);
  row.bytes = record->size(kBatchBody);
  return row;
}

StoredRejection rejection_of(const Record& record) {
  return {0, nullptr, record.text(1), record.text(2), record.number(3), record.bytes(kRejectedBody).size()};
}

EvictedRange evicted_of(const Record& record) {
  return {lane_of(record.number(1)), record.count(2), {record.count(3), record.count(4)},
          record.count(5),           record.text(6),  record.number(7)};
}

StoredSession session_of(const Record& record) {
  return {{record.count(1), record.text(2), record.text(3)}, record.number(4), record.count(5), record.number(6) != 0};
}

AccountRow account_of(const Record& record) {
  AccountRow row;
  row.account = {record.count(1), record.count(2), record.count(3), record.count(4), record.count(5), record.count(6)};
  if (record.shape() == kAccount) {
    row.last_row = record.number(7);
    row.last_seq = record.count(8);
  }
  return row;
}

std::unordered_map<std::uint64_t, Place> index_of_names(const pages::PageFile& file) {
  std::unordered_map<std::uint64_t, Place> index;
  Page bytes;
  for (pages::Number number = 1; number <= file.count(); ++number) {
    if (!file.read(number, bytes)) continue;
    const PageView page(bytes, number);
    if (page.kind() != Kind::index_leaf && page.kind() != Kind::index_interior) continue;
    for (std::size_t i = 0; i < page.cells(); ++i) {
      const auto cell = page.cell(i);
      const auto shape = cell ? Record::parse(cell->local, cell->size) : std::nullopt;
      if (!shape || !is_index_of_names(*shape)) continue;
      // The number stands behind the names, and may be on an overflow page.
      const auto whole = pages::whole(file, *cell);
      const auto record = whole ? Record::parse(*whole) : std::nullopt;
      if (record) index.try_emplace(record->count(1), Place{record->number(1), number, static_cast<std::uint16_t>(i)});
    }
  }
  return index;
}

}  // namespace fieldpost
