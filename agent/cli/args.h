// The command line: which verb, with which options. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fieldpost::cli {

struct Option {
  const char* name;   // --last, -o
  const char* value;  // what its value is called in the help; nullptr: it takes none
  const char* help;
};

enum class VerbId {
  run,
  check,
  status,
  queue_peek,
  queue_export,
  queue_verify,
  queue_rejected,
  queue_purge,
  queue_retry,
  read,
  mqtt,
  demo
};

struct Verb {
  VerbId id;
  const char* words;      // one or two
  const char* arguments;  // as in the help: DEVICE [POINT...]
  std::size_t min_arguments;
  std::size_t max_arguments;
  const char* help;
  bool configured;  // takes -c FILE
  std::span<const Option> options;
};

/// In the order of the help.
std::span<const Verb> verbs();

struct Args {
  const Verb* verb = nullptr;  // nullptr only with help or version
  bool help = false;
  bool version = false;
  std::string file = "/etc/fieldpost/fieldpost.toml";
  std::map<std::string, std::string, std::less<>> options;  // by name; "" where it takes no value
  std::vector<std::string> arguments;

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  std::string value(std::string_view option) const;
};

struct ParsedArgs {
  std::optional<Args> args;
  std::string error;  // where there are no args: what is wrong and what would be right, one line
};

/// Without the program's name.
ParsedArgs parse_args(const std::vector<std::string>& words);

/// A whole number from 1; nothing for anything else.
std::optional<std::size_t> positive(const std::string& text);

/// The help of one verb, or with nullptr of the program.
std::string help(const Verb* verb);

/// `usage: fieldpost [-c FILE] read DEVICE [POINT...] [--json]`
std::string usage(const Verb* verb);

}  // namespace fieldpost::cli
