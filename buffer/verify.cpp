#include "buffer/verify.h"

#include <map>
#include <memory>
#include <set>
#include <system_error>

#include "buffer/buffer_refused.h"
#include "buffer/files.h"
#include "buffer/seq_set.h"
#include "buffer/sqlite.h"

namespace fieldpost {
namespace {

constexpr std::size_t listed_problems = 100;
constexpr const char* damaged_bytes = "its bytes are damaged: checksum, encoding or names";

std::string counted(std::uint64_t readings) {
  return std::to_string(readings) + (readings == 1 ? " reading" : " readings");
}

/// `lane alarm, session 7, seq 1 to 20, 20 readings`
std::string contents(Lane lane, std::uint64_t session, SeqRange range, std::uint64_t readings) {
  return std::string("lane ") + (lane == Lane::alarm ? "alarm" : "telemetry") + ", session " + std::to_string(session) +
         ", seq " + std::to_string(range.first) + " to " + std::to_string(range.last) + ", " + counted(readings);
}

std::string contents(const Batch& batch) {
  return contents(batch.lane(), batch.session(), {batch.ranges().front().first, batch.ranges().back().last},
                  batch.readings());
}

class Verification {
 public:
  explicit Verification(const std::string& path)
      : connection_(std::make_shared<sqlite::Connection>(path, sqlite::Mode::read_only)), reader_(connection_) {}

  void rows() {
    std::int64_t after = 0;
    while (const auto row = next(after)) {
      after = row->row.id;
      check_row(*row);
    }
    after = 0;
    while (const auto row = reader_.next_rejected(after)) {
      after = row->id;
      check_rejected(*row);
    }
  }

  /// No body is read for the sums, so that this one transaction is short too.
  void account() {
    connection_->run("BEGIN");
    const StoredAccount account = reader_.account();
    const auto sum = [this](const char* sql) { return static_cast<std::uint64_t>(connection_->number(sql)); };
    compare("readings wait in lane alarm", account.waiting_alarm,
            sum("SELECT coalesce(sum(readings), 0) FROM batch WHERE lane = 0"));
    compare("readings wait in lane telemetry", account.waiting_telemetry,
            sum("SELECT coalesce(sum(readings), 0) FROM batch WHERE lane = 1"));
    compare("readings are rejected", account.rejected, sum("SELECT count(*) FROM rejected"));
    connection_->run("COMMIT");
  }

  void pages() {
    auto check = connection_->prepare("PRAGMA integrity_check");
    while (check.step()) {
      if (const std::string found = check.text(0); found != "ok") problem("pages: " + found);
    }
  }

  /// Ends the transaction that an error has left open, if it has.
  void give_up() {
    try {
      connection_->run("ROLLBACK");
    } catch (const sqlite::Error&) {  // there was none
    }
  }

  void problem(const std::string& text) { add_problem(result_, text); }
  const Verified& result() const { return result_; }

  static void add_problem(Verified& result, const std::string& text) {
    if (result.problems.size() < listed_problems) {
      result.problems.push_back(text);
    } else {
      ++result.more_problems;
    }
  }

 private:
  struct Row {
    StoredRow row;
    std::string columns;  // what stands beside the bytes; a StoredRow has what stands in them
  };

  std::optional<Row> next(std::int64_t after) {
    connection_->run("BEGIN");
    std::optional<Row> found;
    if (auto row = reader_.next(std::nullopt, after)) {
      auto columns = connection_->prepare("SELECT lane, session, first, last, readings FROM batch WHERE id = ?");
      columns.bind(1, row->id).step();
      const Lane lane = columns.number(0) == 0 ? Lane::alarm : Lane::telemetry;
      found = Row{*row, contents(lane, columns.count(1), {columns.count(2), columns.count(3)}, columns.count(4))};
    }
    connection_->run("COMMIT");
    return found;
  }

  void check_row(const Row& found) {
    const StoredRow& row = found.row;
    const std::string name = "batch " + std::to_string(row.id);
    if (row.batch == nullptr) return problem(name + " (" + found.columns + "): " + damaged_bytes);
    ++result_.batches;
    result_.readings += row.batch->readings();
    if (const std::string held = contents(*row.batch); held != found.columns) {
      problem(name + ": its row says " + found.columns + ", its bytes " + held);
    }
    check_session(name, row.batch->session());
    SeqSet& waiting = waiting_[row.batch->session()];
    for (const SeqRange& range : row.batch->ranges()) {
      if (waiting.overlaps(range)) {
        problem(name + ": of seq " + std::to_string(range.first) + " to " + std::to_string(range.last) +
                " of session " + std::to_string(row.batch->session()) + " some wait in another batch too");
      }
      waiting.add(range);
    }
  }

  void check_rejected(const StoredRejection& row) {
    const std::string name = "rejected reading " + std::to_string(row.id);
    if (row.batch == nullptr) return problem(name + ": " + damaged_bytes);
    ++result_.rejected;
    if (row.batch->readings() != 1) problem(name + ": its bytes hold " + counted(row.batch->readings()));
    check_session(name, row.batch->session());
  }

  void check_session(const std::string& name, std::uint64_t session) {
    if (!sessions_.insert(session).second || reader_.session(session)) return;
    problem(name + ": of session " + std::to_string(session) + ", whose agent and site are not known");
  }

  void compare(const std::string& what, std::uint64_t said, std::uint64_t found) {
    if (said == found) return;
    problem("account: says that " + std::to_string(said) + " " + what + "; it is " + std::to_string(found));
  }

  std::shared_ptr<sqlite::Connection> connection_;
  StoreReader reader_;
  std::map<std::uint64_t, SeqSet> waiting_;  // by session
  std::set<std::uint64_t> sessions_;         // looked up already
  Verified result_;
};

/// Every part that can still be checked is, whatever the others came to.
Verified verify_parts(const std::string& path, AgentRuns agent) {
  Verification verification(path);
  const auto part = [&](void (Verification::*check)()) {
    try {
      (verification.*check)();
    } catch (const sqlite::Error& error) {
      if (!error.damage()) throw;
      verification.problem(std::string("pages: ") + error.what());
      verification.give_up();
    }
  };
  part(&Verification::rows);
  part(&Verification::account);
  if (agent == AgentRuns::no) part(&Verification::pages);
  return verification.result();
}

}  // namespace

Verified verify(const std::string& path, AgentRuns agent) {
  try {
    const FileKind kind = look_at(path);
    if (kind == FileKind::absent) throw PeekError(path + ": no buffer there");
    if (kind == FileKind::ours) return verify_parts(path, agent);
  } catch (const BufferRefused& refused) {
    throw PeekError(refused.what());
  } catch (const std::system_error& error) {
    throw PeekError(path + ": " + error.code().message());
  } catch (const sqlite::Error& error) {
    if (!error.damage()) throw PeekError(path + ": " + error.what());
    Verified damaged;
    Verification::add_problem(damaged, std::string("pages: ") + error.what());
    return damaged;
  }
  Verified foreign;
  Verification::add_problem(foreign, "this is no buffer of fieldpost");
  return foreign;
}

}  // namespace fieldpost
