// [agent] and [buffer].
#include <sys/un.h>

#include "config/sections.h"

namespace fieldpost::config {

void parse_agent(Fields& fields, Context& context) {
  Agent& agent = context.config.agent;
  if (fields.has("id")) {
    agent.id = fields.name("id").value_or("");
    if (agent.id.find('/') != std::string::npos) {
      fields.wrong_value("id", agent.id, "holds a '/', which separates it from the session in a record's id");
    }
  } else if (fields.find("id"); context.world.host_name.empty()) {
    fields.wrong("id", "is missing, and this host has no name to take its place");
  } else {
    agent.id = context.world.host_name;
  }
  if (fields.find("site") != nullptr) agent.site = fields.name("site").value_or("");
  if (const auto clock = fields.choice("clock", {"ntp", "trusted"})) {
    agent.clock = *clock == "trusted" ? Clock::trusted : Clock::ntp;
  }
  fields.finish();
}

void parse_buffer(Fields& fields, Context& context) {
  using namespace std::chrono_literals;
  using std::chrono::days;
  Buffer& buffer = context.config.buffer;
  if (const auto path = fields.text("path")) {
    buffer.path = resolve(*path, context.config.file);
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1 - std::string_view(".sock").size();
    if (path->empty()) {
      fields.wrong("path", "is empty: name the database's file");
    } else if (buffer.path.size() > longest) {
      fields.wrong_value("path", buffer.path,
                         "is too long: the socket beside it leaves room for " + std::to_string(longest) + " bytes");
    }
  }
  fields.duration("commit_interval", buffer.commit_interval, 0s, 1h);
  fields.size("max_size", buffer.max_size, 1ULL << 20U, 1ULL << 44U);
  fields.size("max_memory", buffer.max_memory, 1ULL << 20U, 4ULL << 30U);
  fields.duration("max_age", buffer.max_age, 1min, days{3650});
  if (const auto word = fields.choice("when_full", {"drop-oldest", "drop-newest", "block"})) {
    buffer.when_full = *word == "block"         ? WhenFull::block
                       : *word == "drop-newest" ? WhenFull::drop_newest
                                                : WhenFull::drop_oldest;
  }
  fields.finish();
}

}  // namespace fieldpost::config
