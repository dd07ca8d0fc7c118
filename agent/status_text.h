// `status` for a person: rendered from the JSON object that the agent answers with, so that both say the same.
#pragma once

#include <cstdint>
#include <string>

namespace fieldpost {

struct StatusText {
  std::string text;       // lines, each with its end
  bool running = false;   // an agent answered, not the database alone
  bool degraded = false;  // the link, a source or a device is not up, or there is a problem
};

/// `now`: wall time in microseconds. Throws std::runtime_error where the text is no such object.
StatusText render_status(const std::string& json, std::int64_t now, bool colour);

}  // namespace fieldpost
