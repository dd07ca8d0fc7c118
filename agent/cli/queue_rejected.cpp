#include <iostream>

#include "agent/cli/output.h"
#include "agent/cli/reading_line.h"
#include "agent/cli/verbs.h"
#include "agent/forwarder/json.h"
#include "agent/text.h"
#include "buffer/peek.h"

namespace fieldpost::cli {
namespace {

/// The record, with what became of it as its last member.
void append_rejected_json(std::string& line, const StoredReading& reading, const StoredRejection& rejection) {
  append_json(line, reading);
  line.pop_back();
  line += ",\"rejected\":{\"reason\":";
  json::append_string(line, rejection.reason);
  line += ",\"topic\":";
  json::append_string(line, rejection.topic);
  line += ",\"time\":\"" + rfc3339(rejection.time) + "\"}}";
}

void append_rejected_text(std::string& line, const StoredReading& reading, const StoredRejection& rejection) {
  append_text(line, reading);
  line += "  rejected " + rfc3339(rejection.time) + " by topic " + printable(rejection.topic) + ": " +
          printable(rejection.reason);
}

}  // namespace

int queue_rejected(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  Peek peek(config->buffer.path);
  Output output;
  std::string line;
  std::uint64_t damaged = 0;
  SessionInfo session;
  std::int64_t after = 0;
  while (const auto row = peek.next_rejected(after)) {
    after = row->id;
    if (row->batch == nullptr) {
      ++damaged;
      continue;
    }
    const Batch& batch = *row->batch;
    if (session.id != batch.session()) {
      session = peek.session(batch.session()).value_or(SessionInfo{batch.session(), "", ""});
    }
    for (BatchReader reader(batch); reader.next();) {
      line.clear();
      (args.has("--json") ? append_rejected_json : append_rejected_text)(
          line,
          {session, reader.first_seq(), batch.lane(), reader.layout(), 0, reader.stamp(), reader.values().front()},
          *row);
      output.write(line + "\n");
    }
  }
  output.close();
  if (damaged == 0) return fine;
  std::cerr << "fieldpost: " << grouped(damaged) << " rejected readings stand in damaged rows and cannot be shown\n";
  return failed;
}

}  // namespace fieldpost::cli
