#include <sys/stat.h>

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "agent/cli/interrupt.h"
#include "agent/cli/output.h"
#include "agent/cli/reading_line.h"
#include "agent/cli/stored_readings.h"
#include "agent/cli/verbs.h"
#include "agent/text.h"
#include "buffer/clock.h"

namespace fieldpost::cli {
namespace {

constexpr std::chrono::milliseconds look_again{200};
constexpr int patience = 50;  // such looks, at a file that is just being made

using FileId = std::pair<dev_t, ino_t>;  // both 0: none

/// Which file the path names, where there is one: a damaged one is set aside while one looks, and a new one takes its
/// place.
FileId file_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {0, 0};
  return {status.st_dev, status.st_ino};
}

class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}

  void operator()(const StoredReading& reading) {
    line_.clear();
    if (json_) {
      append_json(line_, reading);
    } else {
      append_text(line_, reading);
    }
    line_ += '\n';
    output_.write(line_);
  }
  Output& output() { return output_; }

 private:
  const bool json_;
  std::string line_;
  Output output_;
};

int show(const std::string& database, const Selection& selection, Printer& printer) {
  Peek peek(database);
  StoredReadings readings(peek, selection);
  while (readings.next_row(std::ref(printer))) {
  }
  printer.output().close();
  if (readings.shown() == 0 && readings.damaged() == 0) {
    std::cerr << "fieldpost: no such reading waits in " << database
              << "; what Kafka acknowledges within commit_interval never gets there\n";
  }
  if (readings.damaged() > 0) {
    std::cerr << "fieldpost: " << grouped(readings.damaged())
              << " readings stand in damaged rows and cannot be shown\n";
    return failed;
  }
  return fine;
}

/// Shows what comes to one file; false: another one has taken its place. True: a signal came, or nobody reads any more.
bool follow_file(const std::string& database, const FileId& file, StoredReadings& readings, Printer& printer,
                 const Interrupt& interrupt) {
  const int out = printer.output().descriptor();
  while (file_at(database) == file) {
    while (readings.next_row(std::ref(printer))) {
      if (interrupt.wait(out, std::chrono::milliseconds{0})) return true;
    }
    printer.output().flush();
    if (interrupt.wait(out, look_again)) return true;
  }
  return false;
}

int follow(const std::string& database, Selection selection, Printer& printer) {
  const Interrupt interrupt;
  FileId file = file_at(database);  // always before it is opened, so that a change in between shows
  auto peek = std::make_unique<Peek>(database);
  for (int tries = 0;;) {
    if (peek != nullptr) {
      StoredReadings readings(*peek, selection);
      if (follow_file(database, file, readings, printer, interrupt)) return fine;
      selection.last.reset();  // of a file that takes this one's place, everything is new
      tries = 0;
    }
    try {
      file = file_at(database);
      peek = std::make_unique<Peek>(database);
      peek->state();
    } catch (const PeekError&) {
      // It is made in steps.
      if (++tries == patience) throw;
      peek.reset();
      if (interrupt.wait(printer.output().descriptor(), look_again)) return fine;
    }
  }
}

}  // namespace

int queue_peek(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  Printer printer(args.has("--json"));
  const Selection selected = selection(args, SystemClock{}.now().wall);
  return args.has("--follow") ? follow(config->buffer.path, selected, printer)
                              : show(config->buffer.path, selected, printer);
}

}  // namespace fieldpost::cli
