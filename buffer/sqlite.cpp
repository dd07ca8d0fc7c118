#include "buffer/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

namespace fieldpost::sqlite {
namespace {

// A reader's short transaction, or a checkpoint of the other connection, is waited for.
constexpr int kBusyTimeoutMs = 1000;

Error error_of(sqlite3* handle, const std::string& what) {
  const int code = handle != nullptr ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM;
  const int system_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  return {code, system_error, what + ": " + (handle != nullptr ? sqlite3_errmsg(handle) : "out of memory")};
}

}  // namespace

Error::Error(int extended_code, int system_error, const std::string& message)
    : std::runtime_error(message), code_(extended_code), system_error_(system_error) {}

Error Error::foreign(const std::string& path) {
  return {SQLITE_NOTADB, 0, path + ": a database, but not of fieldpost"};
}

Error Error::busy(const std::string& what) {
  return {SQLITE_BUSY, 0, what};
}

Error Error::damaged(const std::string& found) {
  return {SQLITE_CORRUPT, 0, "the database is damaged: " + found};
}

bool Error::damage() const {
  const int primary = code_ & 0xff;
  // Our statements are fixed: where one does not compile, the tables are not ours.
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR;
}

bool Error::full() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_FULL || (primary == SQLITE_IOERR && (system_error_ == ENOSPC || system_error_ == EDQUOT));
}

bool readable(const std::string& path) {
  // By SQLite's own file layer: closing a descriptor of ours would drop the locks that its connections hold.
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const std::unique_ptr<const char, decltype([](const char* name) { sqlite3_free_filename(name); })> name(
      sqlite3_create_filename(path.c_str(), (path + "-journal").c_str(), (path + "-wal").c_str(), 0, nullptr));
  std::vector<std::max_align_t> memory(static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
  auto* file = reinterpret_cast<sqlite3_file*>(memory.data());
  if (vfs->xOpen(vfs, name.get(), file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) return false;
  std::vector<char> block(1 << 16);
  sqlite3_int64 size = 0;
  bool good = file->pMethods->xFileSize(file, &size) == SQLITE_OK;
  for (sqlite3_int64 at = 0; good && at < size; at += static_cast<sqlite3_int64>(block.size())) {
    const int result = file->pMethods->xRead(file, block.data(), static_cast<int>(block.size()), at);
    good = result == SQLITE_OK || result == SQLITE_IOERR_SHORT_READ;
  }
  file->pMethods->xClose(file);
  return good;
}

Connection::Connection(const std::string& path, Mode mode) {
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const Error error = error_of(handle_, path);
    sqlite3_close_v2(handle_);
    throw error;
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  // Replaces SQLite's own checkpoints, which would come within a commit.
  sqlite3_wal_hook(
      handle_,
      [](void* pages, sqlite3*, const char*, int in_log) {
        *static_cast<std::uint64_t*>(pages) = static_cast<std::uint64_t>(in_log);
        return SQLITE_OK;
      },
      &log_pages_);
}

Connection::~Connection() {
  sqlite3_close_v2(handle_);
}

void Connection::run(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) throw error_of(handle_, sql);
}

std::int64_t Connection::number(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

std::string Connection::text(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.text(0) : std::string();
}

Statement Connection::prepare(std::string_view sql) {
  return {*this, sql};
}

std::int64_t Connection::last_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

bool Connection::checkpoint(Checkpoint how) {
  const int mode = how == Checkpoint::passive   ? SQLITE_CHECKPOINT_PASSIVE
                   : how == Checkpoint::restart ? SQLITE_CHECKPOINT_RESTART
                                                : SQLITE_CHECKPOINT_TRUNCATE;
  int in_log = 0;
  int copied = 0;
  const int result = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &in_log, &copied);
  if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY) throw error_of(handle_, "checkpoint");
  const bool all = result == SQLITE_OK && in_log == copied;
  if (all && how != Checkpoint::passive) log_pages_ = 0;
  return all;
}

Statement::Statement(Connection& connection, std::string_view sql) : handle_(connection.handle_) {
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_,
                         nullptr) != SQLITE_OK) {
    fail();
  }
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : handle_(other.handle_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::fail() const {
  throw error_of(handle_, "database");
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) fail();
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  if (sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK) {
    fail();
  }
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  if (sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_STATIC) != SQLITE_OK) fail();
  return *this;
}

bool Statement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      sqlite3_reset(statement_);
      return false;
    default: {
      const Error error = error_of(handle_, "database");
      sqlite3_reset(statement_);
      throw error;
    }
  }
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

std::string_view Statement::blob_view(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::string Statement::blob(int column) const {
  return std::string(blob_view(column));
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    connection_.run("ROLLBACK");
  } catch (const Error&) {
    // SQLite has rolled back by itself, or the connection is about to be closed, which does it.
  }
}

void Transaction::commit() {
  connection_.run("COMMIT");
  open_ = false;
}

}  // namespace fieldpost::sqlite
