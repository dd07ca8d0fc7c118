#include "buffer/account_row.h"
#include "buffer/schema.h"
#include "buffer/store.h"

namespace fieldpost {
namespace {

// SQLite looks for an id on a damaged page, and goes on from where it stands: who believed the answer might ask the
// same again and again.
void check_order(bool right) {
  if (!right) throw sqlite::Error::damaged("rows are out of order");
}

}  // namespace

StoreReader::StoreReader(const std::string& path)
    : StoreReader(std::make_shared<sqlite::Connection>(path, sqlite::Mode::read_only)) {
  connection_->run("PRAGMA cache_size = -1024");
}

StoreReader::StoreReader(std::shared_ptr<sqlite::Connection> connection)
    : connection_(std::move(connection)), version_(connection_->number("PRAGMA user_version")) {
  if (version_ >= 2) names_.emplace(*connection_);
}

std::optional<StoredRow> StoreReader::next(std::optional<Lane> lane, std::int64_t after) {
  return row_at(lane, Way::up, after);
}

std::optional<StoredRow> StoreReader::previous(std::optional<Lane> lane, std::int64_t before) {
  return row_at(lane, Way::down, before);
}

std::shared_ptr<const Batch> StoreReader::parse(std::string_view body) {
  auto batch = Batch::parse(body, [this](std::uint64_t number) { return names_ ? names_->of(number) : std::nullopt; });
  return batch ? std::make_shared<const Batch>(std::move(*batch)) : nullptr;
}

std::optional<StoredRow> StoreReader::row_at(std::optional<Lane> lane, Way way, std::int64_t id) {
  std::string sql = "SELECT id, lane, session, first, last, readings, body FROM batch WHERE id ";
  sql += way == Way::up ? "> ?" : "< ?";
  if (lane == Lane::alarm) sql += " AND lane = 0";       // spelt as in the index, so that it serves
  if (lane == Lane::telemetry) sql += " AND lane != 0";  // whatever else a damaged one says
  auto row = connection_->prepare(sql + " ORDER BY id " + (way == Way::up ? "ASC" : "DESC") + " LIMIT 1");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  StoredRow stored;
  stored.id = row.number(0);
  check_order(way == Way::up ? stored.id > id : stored.id < id);
  stored.lane = row.number(1) == 0 ? Lane::alarm : Lane::telemetry;
  stored.session = row.count(2);
  stored.range = {row.count(3), row.count(4)};
  stored.readings = row.count(5);
  const std::string_view body = row.blob_view(6);
  stored.bytes = body.size();
  stored.batch = parse(body);
  if (stored.batch) {
    // Else one that the index and the table have in different lanes would be handed out twice.
    if (lane && stored.batch->lane() != *lane) throw sqlite::Error::damaged("a row is not of the lane that it is in");
    // The checksum stands behind these; nothing stands behind the columns.
    stored.session = stored.batch->session();
    stored.range = {stored.batch->ranges().front().first, stored.batch->ranges().back().last};
    stored.readings = stored.batch->readings();
    stored.bytes = stored.batch->bytes();
  }
  return stored;
}

std::optional<StoredRejection> StoreReader::next_rejected(std::int64_t after) {
  auto row =
      connection_->prepare("SELECT id, reason, topic, time, body FROM rejected WHERE id > ? ORDER BY id LIMIT 1");
  row.bind(1, after);
  if (!row.step()) return std::nullopt;
  check_order(row.number(0) > after);
  const std::string_view body = row.blob_view(4);
  return StoredRejection{row.number(0), parse(body), row.text(1), row.text(2), row.number(3), body.size()};
}

std::optional<SessionInfo> StoreReader::session(std::uint64_t id) {
  auto row = connection_->prepare("SELECT id, agent, site FROM session WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  return SessionInfo{row.count(0), row.text(1), row.text(2)};
}

StoredAccount StoreReader::account() {
  return read_account(*connection_, version_);
}

// Its row says what was known when it ended or when the next one began; until then the account knows better.
std::optional<StoredSession> StoreReader::last_session() {
  auto session = read_last_session(*connection_);
  if (session && version_ >= 2 && !session->clean) {
    session->last = read_last_seq(*connection_);
  }
  return session;
}

}  // namespace fieldpost
