// Includes go one way, config <- buffer <- drivers <- agent; a foreign library stays where it belongs; no source of the
// agent can write to equipment; and no source is forgotten by the build.
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> rooms{"config", "buffer", "drivers", "agent"};

/// Shell patterns; a star stands for slashes, too.
bool matches(const std::string& path, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fnmatch(pattern.c_str(), path.c_str(), 0) == 0; });
}

struct Foreign {
  std::string header;  // how the include begins
  std::vector<std::string> allowed;
};

const std::vector<Foreign> foreign{
    {"<librdkafka/", {"agent/forwarder/kafka_*", "agent/demo/*"}},  // the demo: librdkafka's mock cluster
    {"<sqlite3.h>", {"buffer/sqlite.h", "buffer/sqlite.cpp"}},
    {"<modbus", {}},  // the tests' only
    {"<mqtt/", {"drivers/mqtt/*", "agent/demo/*"}},
    {"<MQTT", {"drivers/mqtt/*", "agent/demo/*"}},
    {"<protozero/", {"drivers/mqtt/sparkplug/payload.cpp"}},
    {"<toml++/", {"config/*"}},
    {"<systemd/", {"agent/*"}},
    {"<iostream>", {"agent/*"}},  // only the agent speaks
};

/// -1: no room.
int rank(const std::string& path) {
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if (path.starts_with(rooms[i] + "/")) return static_cast<int>(i);
  }
  return -1;
}

/// What the line includes, with its quote or bracket; empty: nothing.
std::string included(const std::string& line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#') return {};
  const std::size_t word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string::npos || !line.substr(word).starts_with("include")) return {};
  const std::size_t name = line.find_first_of("<\"", word);
  return name == std::string::npos ? "" : line.substr(name);
}

/// What is wrong with a line of a source; empty: nothing.
std::string fault_in(const std::string& path, const std::string& line) {
  const auto calls = [&line](const char* function) { return line.find(function) != std::string::npos; };
  if (calls("modbus_write_") || calls("modbus_mask_write_")) return "writes to equipment";
  if (calls("modbus_send_raw_request")) return "writes to equipment";
  const std::string header = included(line);
  if (header.starts_with("\"tests/")) return "includes a test";
  if (header.starts_with('"')) {
    const int there = rank(header.substr(1));
    if (there < 0) return "is not included from the root";
    return there > rank(path) ? "includes upward" : "";
  }
  for (const Foreign& library : foreign) {
    if (header.starts_with(library.header) && !matches(path, library.allowed)) {
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
        if (!fault.empty()) faults.append(path).append(": ").append(line).append(": ").append(fault).append("\n");
      }
    }
  }
  INFO(faults);
  CHECK(faults.empty());
  CHECK(lines > 1000);
}

TEST_CASE("the layering test sees what it looks for", "[layering]") {
  CHECK(fault_in("buffer/queue.cpp", "#include \"buffer/batch.h\"").empty());
  CHECK(fault_in("agent/app.cpp", "#include \"config/config.h\"").empty());
  CHECK(fault_in("agent/forwarder/kafka_producer.cpp", "#include <librdkafka/rdkafka.h>").empty());
  CHECK(fault_in("agent/demo/ground.cpp", "#include <librdkafka/rdkafka_mock.h>").empty());
  CHECK(fault_in("drivers/modbus/link.cpp", "#include <modbus/modbus.h>") == "is not the place for this library");
  CHECK(fault_in("buffer/queue.cpp", "#include \"agent/log.h\"") == "includes upward");
  CHECK(fault_in("config/load.cpp", "#  include \"buffer/reading.h\"") == "includes upward");
  CHECK(fault_in("drivers/modbus/link.cpp", "#include \"link.h\"") == "is not included from the root");
  CHECK(fault_in("agent/app.cpp", "#include \"tests/support/process.h\"") == "includes a test");
  for (const char* line :
       {"#include <librdkafka/rdkafka.h>", "#include <sqlite3.h>", "#include <modbus.h>", "#include <modbus/modbus.h>",
        "#include <mqtt/async_client.h>", "#include <protozero/pbf_reader.hpp>", "#include <toml++/toml.h>"}) {
    INFO(line);
    CHECK(fault_in("agent/app.cpp", line) == "is not the place for this library");
  }
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_send_raw_request(c, f, 6)") == "writes to equipment");
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_write_bit(context, 0, 1);") == "writes to equipment");
  CHECK(fault_in("drivers/modbus/link.cpp", "modbus_mask_write_register(c, 0, 1, 2);") == "writes to equipment");
}

TEST_CASE("the build globs every source", "[layering]") {
  const std::vector<std::string> built{"config",
                                       "buffer",
                                       "drivers",
                                       "drivers/modbus",
                                       "drivers/mqtt",
                                       "drivers/mqtt/sparkplug",
                                       "drivers/net",
                                       "agent",
                                       "agent/cli",
                                       "agent/forwarder",
                                       "agent/demo",
                                       "tests/unit",
                                       "tests/integration",
                                       "tests/fault",
                                       "tests/support",
                                       "tests/support/tsan",
                                       "tests/support/preload",
                                       "tests/bench"};
  std::string forgotten;
  for (const char* folder : {"config", "buffer", "drivers", "agent", "tests"}) {
    for (const std::string& path : sources_below(folder)) {
      if (!path.ends_with(".cpp") || matches(path, {"tests/fuzz/fuzz_*", "tests/soak/*"})) continue;
      if (std::find(built.begin(), built.end(), fs::path(path).parent_path()) == built.end()) forgotten += path + "\n";
    }
  }
  INFO(forgotten);
  CHECK(forgotten.empty());
}

TEST_CASE("the agent's binary holds no library that could write to equipment", "[layering][modbus]") {
  const std::string binary = support::read_file(FIELDPOST_BINARY);
  CHECK(binary.find("librdkafka.so") != std::string::npos);  // libraries are found by their names
  CHECK(binary.find("libmodbus.so") == std::string::npos);
  CHECK(binary.find("modbus_write_") == std::string::npos);
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
