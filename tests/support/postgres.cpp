#include "tests/support/postgres.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tests/support/free_port.h"

namespace fieldpost::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Debian keeps the programs of each version where PATH does not look.
std::string folder() {
  const fs::path versions = "/usr/lib/postgresql";
  std::error_code none;
  for (const auto& version : fs::directory_iterator(versions, none)) {
    if (fs::exists(version.path() / "bin/initdb")) return version.path() / "bin";
  }
  return "";
}

/// PostgreSQL refuses to run as root.
std::vector<std::string> as_postgres(std::vector<std::string> argv) {
  if (geteuid() != 0) return argv;
  std::vector<std::string> words{"setpriv",        "--reuid=postgres", "--regid=postgres",
                                 "--clear-groups", "--pdeathsig=KILL", "--"};
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

void finish(const std::vector<std::string>& argv) {
  const Finished finished = run({argv, {}, "/"});
  if (finished.status.code != 0) throw std::runtime_error(argv[0] + ": " + finished.out + finished.err);
}

}  // namespace

std::optional<std::string> Postgres::unavailable() {
  if (folder().empty()) return "no PostgreSQL in /usr/lib/postgresql; packaging/install-build-deps --tests installs it";
  return {};
}

Postgres::Postgres(const std::string& user) : user_(user), port_(free_port()) {
  const std::string data = dir_ / "data";
  if (geteuid() == 0) finish({"chown", "postgres", dir_.path()});
  finish(as_postgres({folder() + "/initdb", "--no-sync", "--auth=trust", "--username=" + user, "-D", data}));
  process_ = std::make_unique<Process>(
      ProcessOptions{as_postgres({folder() + "/postgres", "-D", data, "-p", std::to_string(port_), "-k", dir_.path(),
                                  "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"}),
                     {},
                     "/"});
  if (!process_->wait_for_output("ready to accept connections", 60s)) {
    throw std::runtime_error("PostgreSQL does not start: " + process_->err());
  }
  finish({folder() + "/createdb", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", user, "telemetry"});
}

std::string Postgres::query(const std::string& sql) const {
  const Finished finished = run({{folder() + "/psql", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", user_, "-d",
                                  "telemetry", "-Atc", sql},
                                 {},
                                 "/"});
  if (finished.status.code != 0) throw std::runtime_error("psql: " + finished.err);
  return finished.out;
}

}  // namespace fieldpost::support
