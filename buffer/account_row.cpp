#include "buffer/account_row.h"

namespace fieldpost {

StoredAccount read_account(sqlite::Connection& connection, std::int64_t schema_version) {
  auto row = connection.prepare(
      schema_version < 2
          ? "SELECT delivered, rejected, evicted, waiting_alarm, waiting_telemetry, waiting_bytes FROM account"
          : "SELECT delivered, rejected, evicted,"
            " waiting_alarm + (SELECT coalesce(sum(readings), 0) FROM batch WHERE id > last_row AND lane = 0),"
            " waiting_telemetry + (SELECT coalesce(sum(readings), 0) FROM batch WHERE id > last_row AND lane != 0),"
            " waiting_bytes + (SELECT coalesce(sum(length(body)), 0) FROM batch WHERE id > last_row) FROM account");
  StoredAccount account;
  if (row.step()) {
    account = {row.count(0), row.count(1), row.count(2), row.count(3), row.count(4), row.count(5)};
  }
  return account;
}

std::uint64_t read_last_seq(sqlite::Connection& connection) {
  return static_cast<std::uint64_t>(
      connection.number("SELECT max(last_seq, coalesce((SELECT max(last) FROM batch WHERE id > last_row AND session ="
                        " (SELECT id FROM session ORDER BY ordinal DESC LIMIT 1)), 0)) FROM account"));
}

std::optional<StoredSession> read_last_session(sqlite::Connection& connection) {
  auto row =
      connection.prepare("SELECT id, agent, site, started, last, clean FROM session ORDER BY ordinal DESC LIMIT 1");
  if (!row.step()) return std::nullopt;
  return StoredSession{{row.count(0), row.text(1), row.text(2)}, row.number(3), row.count(4), row.number(5) != 0};
}

void save_account(sqlite::Connection& connection, const StoredAccount& account, std::int64_t last_row,
                  std::uint64_t last_seq) {
  connection
      .prepare(
          "UPDATE account SET delivered = ?, rejected = ?, evicted = ?, waiting_alarm = ?, waiting_telemetry = ?, "
          "waiting_bytes = ?, last_row = ?, last_seq = ?")
      .bind(1, account.delivered)
      .bind(2, account.rejected)
      .bind(3, account.evicted)
      .bind(4, account.waiting_alarm)
      .bind(5, account.waiting_telemetry)
      .bind(6, account.waiting_bytes)
      .bind(7, last_row)
      .bind(8, last_seq)
      .run();
}

}  // namespace fieldpost
