// How serial lines are opened, and what is said where one cannot be.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include <filesystem>

#include "drivers/modbus/line.h"
#include "drivers/modbus/serial.h"
#include "tests/support/catch.h"
#include "tests/support/modbus_fixture.h"
#include "tests/support/modbus_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::drivers::modbus {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using config::Table;
using support::Equipment;
using support::ModbusRtuServer;
using Kind = Outcome::Kind;

constexpr uid_t nobody = 65534;
const Request one_register{Table::holding, 100, 1};

struct Terminal {
  Equipment equipment;
  support::TempDir dir;
  ModbusRtuServer server{equipment, dir / "serial"};
  config::ModbusLink link =
      support::rtu_link(server.path(), {support::device("a", 1, 1s, {support::point("p", Table::holding, 100)})});
  std::vector<std::uint16_t> values{0};

  Terminal() {
    equipment.set(1, Table::holding, 100, {5});
    link.timeout = 300ms;
  }
};

/// What the agent asks of the line's driver while it reads a device over it.
std::string recorded(const Terminal& terminal, const std::string& settings, const std::string& keys) {
  const support::TempDir dir;
  dir.write("pump.toml", "model = \"pump\"\n[[point]]\nname = \"p\"\nregister = \"holding:100\"\ntype = \"int16\"\n");
  const std::string file =
      dir.write("fieldpost.toml",
                "[agent]\nid = \"gw\"\nsite = \"s\"\nclock = \"trusted\"\n[buffer]\npath = \"" + (dir / "queue.db") +
                    "\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\n[[modbus]]\nname = \"line\"\nurl = \"rtu://" +
                    terminal.server.path() + settings + "\"\n" + keys +
                    "\ntimeout = \"2s\"\n[[modbus.device]]\nname = \"a\"\nmap = \"pump.toml\"\n");
  const support::Finished read = support::run({{FIELDPOST_BINARY, "-c", file, "read", "a"},
                                               {{"LD_PRELOAD", FIELDPOST_BUILD "/libfieldpost_serial_recorder.so"},
                                                {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                                                {"SERIAL_RECORD", dir / "record"}},
                                               ""});
  INFO(read.out << read.err);
  CHECK(read.status.code == 0);
  return support::read_file(dir / "record");
}

TEST_CASE("a serial line is set as its URL says, for one program alone", "[modbus][rtu][serial]") {
  const Terminal terminal;
  CHECK(recorded(terminal, "", "") == "exclusive\nline 19200 8E1 raw\n");
  CHECK(recorded(terminal, "?baud=9600&parity=odd&stop=2", "") == "exclusive\nline 9600 8O2 raw\n");
  CHECK(recorded(terminal, "?baud=4000000&parity=none", "") == "exclusive\nline 4000000 8N1 raw\n");
}

TEST_CASE("the kernel is asked to turn RS-485 round", "[modbus][rtu][serial]") {
  const Terminal terminal;
  CHECK(recorded(terminal, "?baud=300", "rs485 = true") ==
        "exclusive\nline 300 8E1 raw\nrs485 on send=1 after=0 before=0,0\n");
  CHECK(recorded(terminal, "", "rs485 = { rts = \"low\", delay_before = \"1ms\", delay_after = \"2ms\" }") ==
        "exclusive\nline 19200 8E1 raw\nrs485 on send=0 after=1 before=1,2\n");
}

TEST_CASE("what a line's driver does not take is an error", "[modbus][rtu][serial]") {
  Terminal terminal;
  SECTION("parity") {
    terminal.link.url.parity = 'E';
    CHECK_THAT(open_serial(terminal.link).error, Contains("the line's driver does not take parity=even"));
  }
  SECTION("RS-485") {
    terminal.link.rs485.emplace();
    CHECK_THAT(open_serial(terminal.link).error, Contains("the line's driver cannot turn RS-485 round"));
  }
  terminal.link.url.parity = 'N';
  terminal.link.rs485.reset();
  CHECK(open_serial(terminal.link).error.empty());
}

TEST_CASE("why a line cannot be opened is said with the remedy", "[modbus][rtu][serial]") {
  Terminal terminal;
  SECTION("it is not there") {
    terminal.link.url.path = terminal.dir / "none";
    CHECK_THAT(open_serial(terminal.link).error, Contains("No such file or directory: is the adapter plugged in"));
  }
  SECTION("it is something else") {
    terminal.link.url.path = GENERATE(true, false) ? "/dev/null" : terminal.dir.write("file", "no line");
    CHECK(open_serial(terminal.link).error == terminal.link.url.path + ": is no serial line");
  }
  SECTION("it is a folder") {
    terminal.link.url.path = terminal.dir / ".";
    CHECK_THAT(open_serial(terminal.link).error, Contains("Is a directory"));
  }
  SECTION("it belongs to others") {
    const std::string device = std::filesystem::canonical(terminal.server.path());
    REQUIRE(chmod(device.c_str(), 0) == 0);
    terminal.link.url.path = device;
    const int before = setfsuid(nobody);  // of this thread alone; for root, whom no mode stops
    const std::string error = open_serial(terminal.link).error;
    setfsuid(static_cast<uid_t>(before));
    CHECK(error == device + ": Permission denied: the agent's user must be in the line's group, dialout as a rule");
    CHECK(chmod(device.c_str(), 0600) == 0);
  }
  SECTION("its hardware has gone") {
    const Descriptor left{open(terminal.server.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    terminal.server.unplug();
    terminal.link.url.path = "/proc/self/fd/" + std::to_string(left.get());  // the name of a terminal without a far end
    CHECK_THAT(open_serial(terminal.link).error,
               Contains("Input/output error: the port has no working hardware behind it"));
  }
  SECTION("another program has locked it") {
    const Descriptor other{open(terminal.server.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    REQUIRE(flock(other.get(), LOCK_EX) == 0);
    CHECK_THAT(open_serial(terminal.link).error, Contains("another program has the line for itself"));
  }
  SECTION("another link of this agent has it") {
    const OpenedLine first = open_serial(terminal.link);
    REQUIRE(first.error.empty());
    CHECK_THAT(open_serial(terminal.link).error, Contains("another program has the line for itself"));
  }
}

TEST_CASE("a line that hands back what is sent", "[modbus][rtu][serial]") {
  Terminal terminal;
  terminal.server.set_echo(true);
  SECTION("and is said to") {
    terminal.link.echo = true;
    Line line(terminal.link);
    for (int i = 0; i < 3; ++i)
      CHECK(line.read(1, one_register, terminal.values).kind == Kind::answered);
    CHECK(terminal.values[0] == 5);
    terminal.server.set_echo(false);
    CHECK(line.read(1, one_register, terminal.values).kind == Kind::wrong_answer);
  }
  SECTION("and is not said to") {
    Line line(terminal.link);
    const Outcome outcome = line.read(1, one_register, terminal.values);
    CHECK(reason(outcome) == "wrong answer: echo");
    CHECK(line.error() == "the line echoes what is sent: set echo = true");
    CHECK(terminal.values[0] == 0);
    terminal.server.set_echo(false);
    CHECK(line.read(1, one_register, terminal.values).kind == Kind::answered);
    CHECK(line.error().empty());
  }
}

TEST_CASE("an answer behind somebody else's frame is not taken for the next request's", "[modbus][rtu][serial]") {
  Terminal terminal;
  terminal.link.timeout = 2s;
  terminal.equipment.set_drip(20ms);  // long between the ends of the two, as the machine may be busy
  terminal.equipment.set_mangle([](const std::string& frame) {
    std::string other = frame.substr(0, frame.size() - 2);
    other[0] = 7;
    return support::with_crc(other) + frame;
  });
  Line line(terminal.link);
  CHECK(line.read(1, one_register, terminal.values).kind == Kind::wrong_answer);
  CHECK(terminal.values[0] == 0);
  terminal.equipment.set_mangle(nullptr);
  terminal.equipment.set(1, Table::holding, 100, {6});
  CHECK(line.read(1, one_register, terminal.values).kind == Kind::answered);
  CHECK(terminal.values[0] == 6);
}

}  // namespace
}  // namespace fieldpost::drivers::modbus
