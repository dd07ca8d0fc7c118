#include "agent/cli/args.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "agent/cli/time_argument.h"
#include "config/nearest.h"
#include "config/register.h"

namespace fieldpost::cli {
namespace {

/// The longest verb whose words stand at the front of `words`.
const Verb* find_verb(const std::vector<std::string>& words) {
  if (words.empty()) return nullptr;
  for (const auto& verb : verbs()) {
    const std::string name = verb.words;
    if (name == words[0] || (words.size() > 1 && name == words[0] + " " + words[1])) return &verb;
  }
  return nullptr;
}

std::string unknown_queue_verb(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& verb : verbs()) {
    if (const std::string_view name = verb.words; name.starts_with("queue ")) {
      names.emplace_back(name.substr(6));
      list += (list.empty() ? "" : ", ") + names.back();
    }
  }
  if (words.size() == 1) return "queue: what of it? " + list;
  const std::string near = config::nearest(words[1], names);
  return "queue has no \"" + words[1] + "\"; " + (near.empty() ? "it has " + list : "did you mean " + near + "?");
}

std::string unknown_verb(const std::vector<std::string>& words) {
  if (words.empty()) return "no verb; " + usage(nullptr);
  std::vector<std::string> names;
  names.reserve(verbs().size());
  for (const auto& verb : verbs())
    names.emplace_back(verb.words);
  if (words[0] == "queue") return unknown_queue_verb(words);
  const std::string near = config::nearest(words[0], names);
  return "unknown verb \"" + words[0] + "\"" +
         (near.empty() ? "; see fieldpost --help" : "; did you mean " + near + "?");
}

std::string unknown_option(const std::string& option, const Verb* verb) {
  std::vector<std::string> names{"--help", "--version"};
  if (verb != nullptr) {
    for (const auto& known : verb->options)
      names.emplace_back(known.name);
  }
  const std::string near = config::nearest(option, names);
  return "unknown option " + option + (near.empty() ? "" : ", did you mean " + near + "?") + "; " + usage(verb);
}

/// Options may stand anywhere, so the plain words are sorted out first.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  ParsedArgs parse() {
    split();
    if (!error_.empty()) return {std::nullopt, error_};
    args_.verb = find_verb(plain_);
    if (args_.verb == nullptr && (!plain_.empty() || !(args_.help || args_.version))) {
      return {std::nullopt, unknown_verb(plain_)};
    }
    for (const auto& [name, value] : raw_options_)
      option(name, value);
    if (error_.empty()) arguments();
    if (!error_.empty()) return {std::nullopt, error_};
    return {std::move(args_), ""};
  }

 private:
  struct Raw {
    std::string name;
    std::optional<std::string> value;
  };

  static bool takes_value(const std::string& name) {
    for (const auto& verb : verbs()) {
      for (const auto& option : verb.options) {
        if (name == option.name && option.value != nullptr) return true;
      }
    }
    return false;
  }

  void split() {
    bool only_plain = false;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (only_plain || word.size() < 2 || word[0] != '-') {
        plain_.push_back(word);
      } else if (word == "--") {
        only_plain = true;
      } else if (word == "-h" || word == "--help") {
        args_.help = true;
      } else if (word == "--version") {
        args_.version = true;
      } else if (word == "-c") {
        if (i + 1 == words_.size()) return fail("-c needs the path of the configuration file");
        args_.file = words_[++i];
        file_given_ = true;
      } else if (const auto equals = word.find('='); equals != std::string::npos) {
        raw_options_.push_back({word.substr(0, equals), word.substr(equals + 1)});
      } else if (takes_value(word)) {
        if (i + 1 == words_.size()) return fail(word + " needs a value");
        raw_options_.push_back({word, words_[++i]});
      } else {
        raw_options_.push_back({word, std::nullopt});
      }
    }
  }

  void option(const std::string& name, const std::optional<std::string>& value) {
    if (args_.verb == nullptr) return fail(unknown_option(name, nullptr));
    const auto found = std::find_if(args_.verb->options.begin(), args_.verb->options.end(),
                                    [&](const Option& known) { return name == known.name; });
    if (found == args_.verb->options.end()) return fail(unknown_option(name, args_.verb));
    if (found->value == nullptr && value) return fail(name + " takes no value; " + usage(args_.verb));
    if (args_.has(name)) return fail(name + " stands there twice");
    if (value) check_value(name, *value);
    args_.options[name] = value.value_or("");
  }

  void check_value(const std::string& name, const std::string& value) {
    if (name == "--last" && !positive(value)) fail("--last is a number from 1, not \"" + value + "\"");
    if (name == "--log" && value != "text" && value != "json") fail("--log is text or json, not \"" + value + "\"");
    if (name == "--lane" && value != "alarm" && value != "telemetry") {
      fail("--lane is alarm or telemetry, not \"" + value + "\"");
    }
    if ((name == "--since" || name == "--until" || name == "--before") && !time_argument(value, 0)) {
      fail(name + " is a time such as 2026-11-22T09:00:00Z or an age such as 15m, not \"" + value + "\"");
    }
    if (name == "--unit" && (!positive("1" + value) || value.size() > 3 || std::stoi(value) > 255)) {
      fail("--unit is a unit id from 0 to 255, not \"" + value + "\"");
    }
    if (const auto run = config::parse_run(value); name == "--raw" && std::holds_alternative<config::Wrong>(run)) {
      fail("--raw " + config::in_quotes(value) + " " + std::get<config::Wrong>(run).what);
    }
    if (name == "-o" && value.empty()) fail("-o needs the path of a file");
  }

  void arguments() {
    if (args_.verb == nullptr) return;
    const bool two_words = std::string_view(args_.verb->words).find(' ') != std::string_view::npos;
    args_.arguments.assign(plain_.begin() + (two_words ? 2 : 1), plain_.end());
    if (args_.help || args_.version) return;
    if (file_given_ && !args_.verb->configured) return fail("demo brings its own configuration: leave out -c");
    if (args_.arguments.size() > args_.verb->max_arguments) {
      return fail("\"" + args_.arguments[args_.verb->max_arguments] + "\" is one word too many; " + usage(args_.verb));
    }
    if (args_.has("--scan")) {
      if (!args_.arguments.empty()) fail("--scan takes a link, and no device beside it; " + usage(args_.verb));
      return;
    }
    if (args_.arguments.size() < args_.verb->min_arguments) {
      const std::string of = args_.verb->id == VerbId::mqtt ? "broker" : "device";
      return fail(args_.verb->words + (" needs the name of a " + of + "; ") + usage(args_.verb));
    }
  }

  void fail(const std::string& what) {
    if (error_.empty()) error_ = what;
  }

  const std::vector<std::string>& words_;
  Args args_;
  bool file_given_ = false;
  std::vector<std::string> plain_;
  std::vector<Raw> raw_options_;
  std::string error_;
};

void append_options(std::ostringstream& out, std::span<const Option> options) {
  const auto row = [&](const std::string& name, const char* text) {
    out << "  " << name << std::string(name.size() < 18 ? 18 - name.size() : 1, ' ') << text << "\n";
  };
  for (const auto& option : options) {
    row(std::string(option.name) + (option.value == nullptr ? "" : std::string(" ") + option.value), option.help);
  }
  row("--help", "print this help");
  row("--version", "print the version");
}

}  // namespace

std::string Args::value(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string() : found->second;
}

ParsedArgs parse_args(const std::vector<std::string>& words) {
  return Parser(words).parse();
}

std::optional<std::size_t> positive(const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::string usage(const Verb* verb) {
  if (verb == nullptr) return "usage: fieldpost [-c FILE] VERB [OPTION...]";
  std::string line = std::string("usage: fieldpost ") + (verb->configured ? "[-c FILE] " : "") + verb->words;
  if (*verb->arguments != '\0') line += std::string(" ") + verb->arguments;
  for (const auto& option : verb->options) {
    line += std::string(" [") + option.name + (option.value == nullptr ? "" : std::string(" ") + option.value) + "]";
  }
  return line;
}

std::string help(const Verb* verb) {
  std::ostringstream out;
  out << usage(verb) << "\n\n";
  if (verb != nullptr) {
    out << "fieldpost " << verb->words << ": " << verb->help << ".\n\n";
    if (verb->configured) out << "  -c FILE           the configuration (default: " << Args{}.file << ")\n";
    append_options(out, verb->options);
    return out.str();
  }
  out << "Brings the readings of field equipment (Modbus, MQTT) to Apache Kafka by way of a buffer on the disk.\n"
         "It only reads: it never writes to equipment.\n\n";
  for (const auto& known : verbs()) {
    const std::string name = known.words;
    out << "  " << name << std::string(16 - name.size(), ' ') << known.help << "\n";
  }
  out << "\nfieldpost VERB --help explains a verb.\n\n";
  out << "  -c FILE           the configuration (default: " << Args{}.file << ")\n";
  append_options(out, {});
  out << "\nExit codes: 0 fine, 1 failed or degraded, 2 usage or configuration, 3 not running.\n";
  return out.str();
}

}  // namespace fieldpost::cli
