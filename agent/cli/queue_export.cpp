#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "agent/cli/output.h"
#include "agent/cli/progress.h"
#include "agent/cli/reading_line.h"
#include "agent/cli/stored_readings.h"
#include "agent/cli/verbs.h"
#include "agent/text.h"
#include "buffer/clock.h"

namespace fieldpost::cli {
namespace {

/// The file would be emptied before it is read.
bool is_the_buffer(const std::string& file, const std::string& database) {
  std::error_code absent;
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".reserve"}) {
    if (std::filesystem::equivalent(file, database + suffix, absent)) return true;
  }
  return false;
}

struct Exported {
  std::uint64_t shown = 0;
  std::uint64_t damaged = 0;
};

Exported write_all(Peek& peek, const Selection& selection, bool csv, Output& output) {
  StoredReadings readings(peek, selection);
  Progress progress(!output.terminal() && ::isatty(STDERR_FILENO) == 1);
  if (csv) output.write(std::string(kCsvHeader) + "\n");
  std::string line;
  const auto write = [&](const StoredReading& reading) {
    line.clear();
    (csv ? append_csv : append_json)(line, reading);
    line += '\n';
    output.write(line);
  };
  while (readings.next_row(write))
    progress.update(readings.walked(), readings.total());
  output.close();
  return {readings.shown(), readings.damaged()};
}

}  // namespace

int queue_export(const Args& args) {
  if (args.has("--json") && args.has("--csv")) {
    std::cerr << "fieldpost: one format at a time: leave out --json or --csv\n";
    return misused;
  }
  const auto config = load(args);
  if (!config) return misused;
  const std::string& database = config->buffer.path;
  const std::string file = args.value("-o");
  if (!file.empty() && is_the_buffer(file, database)) {
    std::cerr << "fieldpost: -o " << file << " is the buffer itself: name another file\n";
    return misused;
  }
  Peek peek(database);  // before the file is made: where there is no buffer, none is
  const auto output = file.empty() ? std::make_unique<Output>() : std::make_unique<Output>(file);
  const bool told = !output->terminal() && ::isatty(STDERR_FILENO) == 1;
  const Exported exported = write_all(peek, selection(args, SystemClock{}.now().wall), args.has("--csv"), *output);
  if (told) {
    std::cerr << grouped(exported.shown) << " readings" << (file.empty() ? "" : " written to " + file) << "\n";
  }
  if (exported.damaged > 0) {
    std::cerr << "fieldpost: " << grouped(exported.damaged)
              << " readings stand in damaged rows and are not among them\n";
    return failed;
  }
  return fine;
}

}  // namespace fieldpost::cli
