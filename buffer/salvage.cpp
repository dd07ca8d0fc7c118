#include "buffer/salvage.h"

#include <algorithm>
#include <map>

#include "config/utf8.h"

namespace fieldpost {
namespace {

using pages::Kind;
using pages::Number;
using pages::PageView;
using pages::Place;
using pages::Record;
using pages::TableScan;

// As many names as the queue itself remembers.
constexpr std::size_t kRemembered = 20'000;
// Rows behind a damaged one that are asked whether its columns can be.
constexpr std::size_t kLooksAhead = 64;

/// No checksum stands behind names, but they are text.
std::optional<Layout> read_names(std::string_view bytes) {
  auto names = Layout::decode(bytes, Lane::telemetry);
  if (!names) return std::nullopt;
  bool text = config::valid_utf8(names->source()) && config::valid_utf8(names->device());
  for (const PointName& point : names->points())
    text = text && config::valid_utf8(point.name) && config::valid_utf8(point.unit);
  return text ? std::move(names) : std::nullopt;
}

}  // namespace

/// The first page of each table, by name, and whether all of the schema could be read.
struct Salvage::Roots {
  std::map<std::string, Number> pages;
  bool all = false;
};

Salvage::Salvage(const std::string& path)
    : file_(path),
      free_(pages::read_free_pages(file_)),
      batch_(is_batch),
      layout_(is_layout),
      rejected_(is_rejected),
      evicted_(is_evicted),
      session_(is_session),
      account_(is_account) {
  find_rows(find_roots());
  read_account();
}

// The account first tells which strays count, and then they count in it.
void Salvage::read_account() {
  const auto bytes = account_.rows().empty() ? std::nullopt : record_at(account_.rows().front());
  const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
  std::optional<AccountRow> row;
  if (record && is_account(*record)) row = account_of(*record);
  if (!free_.all_known) {
    evicted_.strays().clear();  // the ground is not told twice
    if (row) drop_deleted(*row);
  }
  for (TableScan* table : {&batch_, &rejected_, &evicted_})
    table->take_strays();
  if (row) add_uncounted(*row);
}

Salvage::Roots Salvage::find_roots() {
  TableScan schema(is_table_or_index);
  std::vector<bool> met(std::size_t{file_.count()} + 1, false);
  schema.walk(file_, 1, met);
  Roots roots;
  roots.all = schema.complete();
  for (const Place& place : schema.rows()) {
    const auto bytes = record_at(place);
    const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
    if (record && record->bytes(0) == "table") roots.pages[record->text(1)] = static_cast<Number>(record->number(3));
  }
  if (roots.pages.contains("batch") || roots.all) return roots;
  // It was the first table that was ever made: only a page of pointers can stand before it, in files of version 1.
  for (const Number guess : {2U, 3U}) {
    if (!file_.read(guess, page_)) break;
    const Kind kind = PageView(page_, guess).kind();
    if (kind == Kind::table_leaf || kind == Kind::table_interior) {
      roots.pages["batch"] = guess;
      break;
    }
    if (page_[0] != 1) break;  // the pointer of a root
  }
  loaded_ = 0;
  return roots;
}

void Salvage::find_rows(const Roots& roots) {
  const std::array<std::pair<const char*, TableScan*>, 6> tables{{{"batch", &batch_},
                                                                  {"layout", &layout_},
                                                                  {"rejected", &rejected_},
                                                                  {"evicted", &evicted_},
                                                                  {"session", &session_},
                                                                  {"account", &account_}}};
  std::vector<bool> met(std::size_t{file_.count()} + 1, false);
  bool complete = true;
  for (const auto& [name, table] : tables) {
    if (const auto root = roots.pages.find(name); root != roots.pages.end()) {
      table->walk(file_, root->second, met);
    } else if (roots.all) {
      table->absent();
    }
    complete = complete && table->complete();
  }
  if (complete) return;
  for (Number number = 1; number <= file_.count(); ++number) {
    if (met[number] || !file_.read(number, page_)) continue;
    const PageView page(page_, number);
    if (page.kind() != Kind::table_leaf) continue;
    for (const auto& [name, table] : tables) {
      // A number was never given to other names: those that were deleted are right, too.
      if (!free_.free[number] || table == &layout_) table->take_stray(page, number);
    }
  }
  loaded_ = 0;
  for (TableScan* table : {&layout_, &session_, &account_})
    table->take_strays();
}

// Of some strays it is not known whether they stand on a free page, and were delivered long ago. What goes is the
// oldest, so that the newest are those that are left, as many as the account says.
void Salvage::drop_deleted(const AccountRow& account) {
  std::vector<Place>& rejected = rejected_.strays();
  std::sort(rejected.begin(), rejected.end(), [](const Place& a, const Place& b) { return a.id > b.id; });
  const std::uint64_t all = account.account.rejected;
  rejected.resize(std::min<std::size_t>(rejected.size(), all - std::min<std::uint64_t>(all, rejected_.rows().size())));
  keep_newest_waiting(account);
}

void Salvage::keep_newest_waiting(const AccountRow& account) {
  std::array<std::uint64_t, 2> left{account.account.waiting_alarm, account.account.waiting_telemetry};
  // True: it is among those that are left. Before a row is deleted, the account counts it.
  const auto count = [&](const Place& place) {
    if (place.id > account.last_row) return true;
    const auto row = load(place) ? columns_of(PageView(page_, place.page), place) : std::nullopt;
    if (!row) return false;
    std::uint64_t& readings = left[static_cast<std::size_t>(row->lane)];
    const bool waits = readings > 0;
    readings -= std::min(readings, row->readings);
    return waits;
  };
  for (const Place& place : batch_.rows())
    count(place);
  std::vector<Place>& strays = batch_.strays();
  std::sort(strays.begin(), strays.end(), [](const Place& a, const Place& b) { return a.id > b.id; });
  std::erase_if(strays, [&](const Place& place) { return !count(place); });
}

void Salvage::add_uncounted(const AccountRow& account) {
  known_account_ = account.account;
  last_seq_ = account.last_seq;
  lost_ = LostRanges(account.last_row);
  const std::vector<StoredSession> sessions = this->sessions();
  const std::uint64_t newest = sessions.empty() ? 0 : sessions.back().info.id;
  for (auto place = batch_.rows().rbegin(); place != batch_.rows().rend() && place->id > account.last_row; ++place) {
    const auto row = load(*place) ? columns_of(PageView(page_, place->page), *place) : std::nullopt;
    if (!row) continue;
    (row->lane == Lane::alarm ? known_account_->waiting_alarm : known_account_->waiting_telemetry) += row->readings;
    known_account_->waiting_bytes += row->bytes;
    if (row->session == newest) last_seq_ = std::max(last_seq_, row->range.last);
  }
}

bool Salvage::load(const Place& place) {
  if (loaded_ == place.page) return true;
  loaded_ = file_.read(place.page, page_) ? place.page : 0;
  return loaded_ != 0;
}

std::optional<std::string> Salvage::record_at(const Place& place) {
  if (!load(place)) return std::nullopt;
  const auto cell = PageView(page_, place.page).cell(place.cell);
  return cell ? pages::whole(file_, *cell) : std::nullopt;
}

std::vector<StoredSession> Salvage::sessions() {
  std::vector<StoredSession> sessions;
  for (const Place& place : session_.rows()) {
    const auto bytes = record_at(place);
    const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
    if (record && is_session(*record)) sessions.push_back(session_of(*record));
  }
  // Until a session has ended, its row does not say what its last seq is.
  if (!sessions.empty() && !sessions.back().clean) sessions.back().last = std::max(sessions.back().last, last_seq_);
  return sessions;
}

std::optional<StoredRow> Salvage::row_at(const Place& place) {
  auto row = load(place) ? columns_of(PageView(page_, place.page), place) : std::nullopt;
  if (!row) return std::nullopt;
  const auto bytes = record_at(place);
  const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
  if (record) row->batch = parse(record->bytes(kBatchBody));
  if (!row->batch) return row;
  row->lane = row->batch->lane();
  row->session = row->batch->session();
  row->range = {row->batch->ranges().front().first, row->batch->ranges().back().last};
  row->readings = row->batch->readings();
  row->bytes = row->batch->bytes();
  return row;
}

std::optional<StoredRow> Salvage::next() {
  while (next_ < batch_.rows().size()) {
    const Place& place = batch_.rows()[next_++];
    auto row = row_at(place);
    if (!row || (!row->batch && !fits(*row))) {  // or the disk gave it a moment ago
      batch_.unsee(place.id);
      continue;
    }
    lost_.add(*row, batch_.unseen());
    if (row->batch) return row;
  }
  return std::nullopt;
}

// Noise can look like columns. Those of a damaged row are believed where they go on from the rows before it, and the
// rows behind go on from them.
bool Salvage::fits(const StoredRow& damaged) {
  if (!lost_.follows(damaged)) return false;
  const std::size_t end = std::min(batch_.rows().size(), next_ + kLooksAhead);
  for (std::size_t i = next_; i < end; ++i) {
    const auto row = row_at(batch_.rows()[i]);
    if (!row || !row->batch) continue;
    if (row->session < damaged.session) return false;
    if (row->session == damaged.session && row->lane == damaged.lane) return row->range.first > damaged.range.last;
  }
  return true;
}

std::optional<StoredRejection> Salvage::next_rejected() {
  while (next_rejected_ < rejected_.rows().size()) {
    const Place& place = rejected_.rows()[next_rejected_++];
    const auto bytes = record_at(place);
    const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
    if (!record || !is_rejected(*record)) continue;
    StoredRejection rejection = rejection_of(*record);
    rejection.id = place.id;
    rejection.batch = parse(record->bytes(kRejectedBody));
    if (!rejection.batch) continue;
    for (const SeqRange& range : rejection.batch->ranges())
      lost_.exclude(rejection.batch->session(), range);
    return rejection;
  }
  return std::nullopt;
}

std::optional<EvictedRange> Salvage::next_evicted() {
  while (next_evicted_ < evicted_.rows().size()) {
    const auto bytes = record_at(evicted_.rows()[next_evicted_++]);
    const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
    if (!record || !is_evicted(*record)) continue;
    EvictedRange evicted = evicted_of(*record);
    lost_.exclude(evicted.session, evicted.range);
    return evicted;
  }
  return std::nullopt;
}

std::vector<EvictedRange> Salvage::lost() {
  return lost_.all(batch_.unseen(), sessions(), account());
}

std::shared_ptr<const Batch> Salvage::parse(std::string_view body) {
  auto batch = Batch::parse(body, [this](std::uint64_t number) { return names(number); });
  return batch ? std::make_shared<const Batch>(std::move(*batch)) : nullptr;
}

// No checksum stands behind names: where they stand twice and differ, one copy is damaged, and nobody knows which.
std::optional<Layout> Salvage::names(std::uint64_t number) {
  if (const auto known = known_names_.find(number); known != known_names_.end()) return known->second;
  auto layout = names_in_table(number);
  auto copy = names_in_index(number);
  if (layout && copy && layout->encoded() != copy->encoded()) return std::nullopt;
  if (!layout) layout = std::move(copy);
  if (!layout) return std::nullopt;
  if (known_names_.size() >= kRemembered) known_names_.clear();
  known_names_.emplace(number, *layout);
  return layout;
}

std::optional<Layout> Salvage::names_in_table(std::uint64_t number) {
  const auto& rows = layout_.rows();
  const auto id = static_cast<std::int64_t>(number);
  const auto place = std::lower_bound(rows.begin(), rows.end(), id,
                                      [](const Place& row, std::int64_t wanted) { return row.id < wanted; });
  if (place == rows.end() || place->id != id) return std::nullopt;
  const auto bytes = record_at(*place);
  const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
  if (!record || !is_layout(*record)) return std::nullopt;
  return read_names(record->bytes(kLayoutNames));
}

std::optional<Layout> Salvage::names_in_index(std::uint64_t number) {
  if (!index_) index_ = index_of_names(file_);
  const auto place = index_->find(number);
  const auto bytes = place == index_->end() ? std::nullopt : record_at(place->second);
  const auto record = bytes ? Record::parse(*bytes) : std::nullopt;
  if (!record || !is_index_of_names(*record)) return std::nullopt;
  return read_names(record->bytes(0));
}

}  // namespace fieldpost
