// One thing that is wrong in what the operator wrote, and where.
#pragma once

#include <string>

namespace fieldpost::config {

/// Both from 1; 0 for the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
};

struct Problem {
  std::string file;
  int line = 0;  // from 1; 0 where the file itself is the problem
  int column = 0;
  std::string key;      // dotted, with the entry's number or name: modbus[plc-a].device[pump-7].unit
  std::string message;  // what is wrong and what would be right
};

/// `file:line:column: key: message`; line and column are left out where the file itself is the problem.
std::string to_string(const Problem& problem);

}  // namespace fieldpost::config
