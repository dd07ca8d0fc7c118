// Includes go one way, config <- buffer <- drivers <- agent; a foreign library stays where it belongs; no source of the
// agent can write to equipment; and no source is forgotten by the build.
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> rooms{"config", "buffer", "drivers", "agent"};

struct Foreign {
  std::string header;   // how the include begins
  std::string allowed;  // where, a regular expression over the path
};

const std::vector<Foreign> foreign{
    {"<librdkafka/", "agent/(forwarder/kafka_[^/]*|demo/.*)"},  // the demo: librdkafka's mock cluster
    {"<sqlite3.h>", "buffer/sqlite\\.(h|cpp)"},
    {"<modbus", "(drivers/modbus|agent/demo)/.*"},
    {"<mqtt/", "(drivers/mqtt|agent/demo)/.*"},
    {"<MQTT", "(drivers/mqtt|agent/demo)/.*"},
    {"<toml++/", "config/.*"},
    {"<systemd/", "agent/.*"},
    {"<iostream>", "agent/.*"},  // only the agent speaks
};

/// -1: no room.
int rank(const std::string& path) {
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if (path.starts_with(rooms[i] + "/")) return static_cast<int>(i);
  }
  return -1;
}

/// What is wrong with a line of a source; empty: nothing.
std::string fault_in(const std::string& path, const std::string& line) {
  static const std::regex include(R"(^\s*#\s*include\s*([<"].*))");
  static const std::regex writing("modbus_(mask_)?write_");
  if (std::regex_search(line, writing)) return "writes to equipment";
  // The one place where a request is put together by hand; its function codes are those of the four tables, to read.
  const bool raw = line.find("modbus_send_raw_request") != std::string::npos;
  if (raw && path != "drivers/modbus/bus.cpp") return "writes to equipment";
  std::smatch match;
  if (!std::regex_search(line, match, include)) return {};
  const std::string header = match[1];
  if (header.starts_with("\"tests/")) return "includes a test";
  if (header.starts_with('"')) {
    const int there = rank(header.substr(1));
    if (there < 0) return "is not included from the root";
    return there > rank(path) ? "includes upward" : "";
  }
  for (const Foreign& library : foreign) {
    if (header.starts_with(library.header) && !std::regex_match(path, std::regex(library.allowed))) {
      return "is not the place for this library";
    }
  }
  return {};
}

std::vector<std::string> sources_below(const std::string& folder) {
  std::vector<std::string> found;
  const fs::path root = FIELDPOST_SOURCE;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") found.push_back(fs::relative(entry.path(), root));
  }
  return found;
}

TEST_CASE("includes go one way and foreign libraries stay in their rooms", "[layering]") {
  std::string faults;
  std::size_t lines = 0;
  for (const std::string& room : rooms) {
    for (const std::string& path : sources_below(room)) {
      std::istringstream text(support::read_file(fs::path(FIELDPOST_SOURCE) / path));
      for (std::string line; std::getline(text, line); ++lines) {
        const std::string fault = fault_in(path, line);
        if (!fault.empty()) faults += path + ": " + line + ": " + fault + "\n";
      }
    }
  }
  CHECK(faults == "");
  CHECK(lines > 1000);
}

TEST_CASE("the layering test sees what it looks for", "[layering]") {
  CHECK(fault_in("buffer/queue.cpp", "#include \"buffer/batch.h\"").empty());
  CHECK(fault_in("agent/app.cpp", "#include \"config/config.h\"").empty());
  CHECK(fault_in("agent/forwarder/kafka_producer.cpp", "#include <librdkafka/rdkafka.h>").empty());
  CHECK(fault_in("agent/demo/ground.cpp", "#include <librdkafka/rdkafka_mock.h>").empty());
  CHECK(fault_in("drivers/modbus/link.cpp", "  modbus_read_registers(context, 0, 1, &out);").empty());
  CHECK(fault_in("buffer/queue.cpp", "#include \"agent/log.h\"") == "includes upward");
  CHECK(fault_in("config/load.cpp", "#  include \"buffer/reading.h\"") == "includes upward");
  CHECK(fault_in("drivers/modbus/link.cpp", "#include \"link.h\"") == "is not included from the root");
  CHECK(fault_in("agent/app.cpp", "#include \"tests/support/process.h\"") == "includes a test");
  for (const char* line :
       {"#include <librdkafka/rdkafka.h>", "#include <sqlite3.h>", "#include <modbus.h>", "#include <modbus/modbus.h>",
        "#include <mqtt/async_client.h>", "#include <toml++/toml.h>"}) {
    INFO(line);
    CHECK(fault_in("agent/app.cpp", line) == "is not the place for this library");
  }
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_send_raw_request(c, f, 6)") == "writes to equipment");
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_write_bit(context, 0, 1);") == "writes to equipment");
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_mask_write_register(c, 0, 1, 2);") == "writes to equipment");
}

TEST_CASE("the build globs every source", "[layering]") {
  const std::regex built(
      "config/[^/]+|buffer/[^/]+|drivers/((modbus|mqtt|self)/)?[^/]+|agent/((cli|forwarder|demo)/)?[^/]+|"
      "tests/(unit|integration|fault|support|bench)/[^/]+|tests/fuzz/fuzz_[^/]+");
  std::string forgotten;
  for (const char* folder : {"config", "buffer", "drivers", "agent", "tests"}) {
    for (const std::string& path : sources_below(folder)) {
      if (path.ends_with(".cpp") && !std::regex_match(path, built)) forgotten += path + "\n";
    }
  }
  CHECK(forgotten == "");
}

TEST_CASE("every fuzz target has seeds", "[layering]") {
  for (const std::string& path : sources_below("tests/fuzz")) {
    const std::string name = fs::path(path).stem().string().substr(5);  // fuzz_NAME
    INFO(path);
    const fs::path corpus = fs::path(FIELDPOST_SOURCE) / "tests/fuzz/corpus" / name;
    CHECK((fs::exists(corpus) && !fs::is_empty(corpus)));
  }
}

}  // namespace
}  // namespace fieldpost
