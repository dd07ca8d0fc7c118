// A PostgreSQL server as a child process with a folder and a port of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

class Postgres {
 public:
  /// Why it cannot be run here; nothing where it can.
  static std::optional<std::string> unavailable();

  /// Makes a cluster whose superuser is `user`, who needs no password from this machine, with the database
  /// `telemetry`, and starts it. Throws std::runtime_error.
  explicit Postgres(const std::string& user);

  std::uint16_t port() const { return port_; }
  /// What psql prints for a query: a row a line, columns parted by '|'. Throws std::runtime_error.
  std::string query(const std::string& sql) const;

 private:
  std::string user_;
  TempDir dir_;
  std::uint16_t port_;
  std::unique_ptr<Process> process_;
};

}  // namespace fieldpost::support
