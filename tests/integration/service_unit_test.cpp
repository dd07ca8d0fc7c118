// The service as it is installed: every file in its place, a unit that systemd understands, and a hard one.
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {
namespace {

namespace fs = std::filesystem;

struct Installed {
  TempDir root;
  Finished result = run({{"cmake", "--install", FIELDPOST_BUILD, "--prefix", "/usr"}, {{"DESTDIR", root.path()}}, {}});
};

/// The unit, with its program where it is installed now.
std::string unit_here(const Installed& installed) {
  std::string unit = read_file(installed.root / "usr/lib/systemd/system/fieldpost.service");
  const std::string key = "ExecStart=";
  const std::size_t path = unit.find(key) + key.size();
  unit.replace(path, unit.find(' ', path) - path, installed.root / "usr/bin/fieldpost");
  return installed.root.write("verify/fieldpost.service", unit);
}

TEST_CASE("installing puts every file where it belongs", "[service]") {
  const Installed installed;
  INFO(installed.result.out << installed.result.err);
  REQUIRE(installed.result.status.code == 0);
  for (const char* file :
       {"usr/bin/fieldpost", "usr/lib/systemd/system/fieldpost.service", "usr/lib/sysusers.d/fieldpost.conf",
        "usr/share/man/man8/fieldpost.8", "usr/share/doc/fieldpost/README.md", "usr/share/doc/fieldpost/docs/kafka.md",
        "usr/share/doc/fieldpost/docs/modbus.md", "usr/share/doc/fieldpost/docs/mqtt.md",
        "usr/share/doc/fieldpost/docs/records.md", "usr/share/fieldpost/sunspec/models.csv",
        "etc/fieldpost/fieldpost.toml"}) {
    INFO(file);
    CHECK(fs::is_regular_file(installed.root / file));
  }
  CHECK_FALSE(fs::is_empty(installed.root / "usr/share/fieldpost/maps"));
  const std::string unit = read_file(installed.root / "usr/lib/systemd/system/fieldpost.service");
  CHECK(unit.find("\nExecStart=/usr/bin/fieldpost run\n") != std::string::npos);
}

TEST_CASE("the installed example is a configuration without a problem", "[service]") {
  const Installed installed;
  const Finished check = run(
      {{installed.root / "usr/bin/fieldpost", "-c", installed.root / "etc/fieldpost/fieldpost.toml", "check"}, {}, {}});
  INFO(check.out << check.err);
  CHECK(check.status.code == 0);
}

TEST_CASE("installing again leaves the operator's configuration alone", "[service]") {
  const Installed installed;
  const std::string own = installed.root.write("etc/fieldpost/fieldpost.toml", "# mine\n");
  const Finished again =
      run({{"cmake", "--install", FIELDPOST_BUILD, "--prefix", "/usr"}, {{"DESTDIR", installed.root.path()}}, {}});
  REQUIRE(again.status.code == 0);
  CHECK(read_file(own) == "# mine\n");
}

TEST_CASE("systemd understands every line of the unit", "[service]") {
  const Installed installed;
  // verify writes what it does not know to stderr and ends with 0.
  const Finished verify = run({{"systemd-analyze", "verify", "--man=no", unit_here(installed)}, {}, {}});
  INFO(verify.err);
  CHECK(verify.err.empty());
  CHECK(verify.status.code == 0);
}

TEST_CASE("the unit's exposure is 2.0 or less", "[service]") {
  const Installed installed;
  const Finished security = run(
      {{"systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit_here(installed)}, {}, {}});
  INFO(security.out);
  CHECK(security.out.find("Overall exposure level") != std::string::npos);
  CHECK(security.status.code == 0);
}

TEST_CASE("the user and group of the unit are those that sysusers makes", "[service]") {
  const Installed installed;
  const Finished dry =
      run({{"systemd-sysusers", "--dry-run", installed.root / "usr/lib/sysusers.d/fieldpost.conf"}, {}, {}});
  INFO(dry.out << dry.err);
  CHECK(dry.status.code == 0);
  CHECK(read_file(unit_here(installed)).find("User=fieldpost\n") != std::string::npos);
}

}  // namespace
}  // namespace fieldpost::support
