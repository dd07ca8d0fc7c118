// SQLite as far as the buffer needs it: connections and statements that clean up after themselves. The only file pair
// that knows sqlite3.h.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace fieldpost::sqlite {

class Error : public std::runtime_error {
 public:
  Error(int extended_code, int system_error, const std::string& message);
  /// A database, but of somebody else.
  static Error foreign(const std::string& path);
  static Error busy(const std::string& what);
  /// What a check of its structure has found.
  static Error damaged(const std::string& found);
  /// The file is not a usable database of ours. Busy, full, a permission or a failing disk is never damage.
  bool damage() const;
  /// No space, or the quota is used up.
  bool full() const;

 private:
  int code_;
  int system_error_;
};

/// Every byte of the file, read once: false where the disk fails at it. SQLite tells a disk that cannot be read from a
/// damaged file by no code.
bool readable(const std::string& path);

enum class Mode { read_write, read_only };

/// What a checkpoint does beyond copying the log into the database: `restart` waits for readers, so that the next
/// transaction writes the log from its beginning; `truncate` also makes its file empty.
enum class Checkpoint { passive, restart, truncate };

class Statement;

/// One thread at a time.
class Connection {
 public:
  /// Opens the file, or makes it (read_write). Throws Error.
  Connection(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(const std::string& sql);
  /// The first column of the first row.
  std::int64_t number(const std::string& sql);
  std::string text(const std::string& sql);
  Statement prepare(std::string_view sql);
  std::int64_t last_id() const;

  /// Pages in the write-ahead log as of the last commit of this connection.
  std::uint64_t log_pages() const { return log_pages_; }
  /// True: all of the log is in the database, and it will be written from its beginning.
  bool checkpoint(Checkpoint how);

 private:
  friend class Statement;
  sqlite3* handle_ = nullptr;
  std::uint64_t log_pages_ = 0;
};

/// Belongs to its connection, which must outlive it. Bound blobs and texts must live until the step.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);

  /// True: a row stands ready. After the last row the statement is reset and its bindings stay.
  bool step();
  /// Runs a statement that gives no rows.
  void run();
  void reset();

  std::int64_t number(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }
  bool is_null(int column) const;
  std::string text(int column) const;
  std::string blob(int column) const;
  /// Valid until the next step() or reset().
  std::string_view blob_view(int column) const;

 private:
  [[noreturn]] void fail() const;
  sqlite3* handle_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace fieldpost::sqlite
