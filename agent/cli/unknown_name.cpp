#include "agent/cli/unknown_name.h"

#include "config/nearest.h"

namespace fieldpost::cli {

std::string unknown_name(const std::string& kind, const std::string& name, const std::vector<std::string>& names) {
  const std::string near = config::nearest(name, names);
  std::string line = "no " + kind + " is called \"" + name + "\"";
  if (!near.empty()) return line + "; did you mean " + near + "?";
  for (std::size_t i = 0; i < names.size(); ++i)
    line += (i == 0 ? "; there are " : ", ") + names[i];
  return line;
}

}  // namespace fieldpost::cli
