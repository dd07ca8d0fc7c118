#include "agent/cli/args.h"

#include "tests/support/catch.h"

namespace fieldpost::cli {
namespace {

std::string error_of(const std::vector<std::string>& words) {
  const ParsedArgs parsed = parse_args(words);
  CHECK_FALSE(parsed.args);
  CHECK(parsed.error.find('\n') == std::string::npos);
  return parsed.error;
}

Args args_of(const std::vector<std::string>& words) {
  const ParsedArgs parsed = parse_args(words);
  INFO(parsed.error);
  REQUIRE(parsed.args);
  return *parsed.args;
}

}  // namespace

TEST_CASE("args: a verb with its options, in any order") {
  const Args peek = args_of({"--last", "5", "-c", "a.toml", "queue", "peek", "--lane=alarm", "--json"});
  CHECK(peek.verb->id == VerbId::queue_peek);
  CHECK(peek.file == "a.toml");
  CHECK(peek.value("--last") == "5");
  CHECK(peek.value("--lane") == "alarm");
  CHECK(peek.has("--json"));
  CHECK_FALSE(peek.has("--device"));
  CHECK(args_of({"check"}).file == "/etc/fieldpost/fieldpost.toml");
}

TEST_CASE("args: the words of read") {
  const Args read = args_of({"read", "pump-7", "--", "--json"});
  CHECK(read.arguments == std::vector<std::string>{"pump-7", "--json"});
  CHECK_FALSE(read.has("--json"));
  CHECK_THAT(error_of({"read"}),
             Catch::Matchers::Contains("read needs the name of a device; usage: fieldpost [-c FILE] read"));
  CHECK_THAT(error_of({"mqtt"}),
             Catch::Matchers::Contains("mqtt needs the name of a broker; usage: fieldpost [-c FILE] mqtt"));
}

TEST_CASE("args: help and version, alone and of every verb") {
  CHECK(args_of({"--help"}).help);
  CHECK(args_of({"--version"}).version);
  for (const auto& verb : verbs()) {
    std::vector<std::string> words{verb.words, "--help"};
    if (const std::string name = verb.words; name.starts_with("queue ")) words = {"queue", name.substr(6), "--help"};
    CHECK(args_of(words).help);
    words.back() = "--version";
    CHECK(args_of(words).version);
    CHECK_THAT(help(&verb), Catch::Matchers::StartsWith("usage: fieldpost "));
    CHECK_THAT(help(nullptr), Catch::Matchers::Contains(verb.words));
    for (const auto& option : verb.options)
      CHECK_THAT(help(&verb), Catch::Matchers::Contains(option.name));
  }
}

TEST_CASE("args: every mistake gets one line with its remedy") {
  CHECK_THAT(error_of({}), Catch::Matchers::Contains("usage: fieldpost"));
  CHECK(error_of({"statsu"}) == "unknown verb \"statsu\"; did you mean status?");
  CHECK(error_of({"frobnicate"}) == "unknown verb \"frobnicate\"; see fieldpost --help");
  CHECK_THAT(error_of({"queue"}), Catch::Matchers::StartsWith("queue: what of it? peek, export"));
  CHECK(error_of({"queue", "exprot"}) == "queue has no \"exprot\"; did you mean export?");
  CHECK_THAT(error_of({"queue", "frobnicate"}), Catch::Matchers::Contains("it has peek, export"));
  CHECK_THAT(error_of({"check", "--jsn"}),
             Catch::Matchers::Contains("unknown option --jsn, did you mean --json?; usage: fieldpost"));
  CHECK_THAT(error_of({"run", "--json"}), Catch::Matchers::Contains("unknown option --json"));
  CHECK_THAT(error_of({"check", "extra"}), Catch::Matchers::Contains("\"extra\" is one word too many"));
  CHECK_THAT(error_of({"check", "--json=1"}), Catch::Matchers::Contains("--json takes no value"));
  CHECK_THAT(error_of({"check", "--json", "--json"}), Catch::Matchers::Contains("twice"));
  CHECK_THAT(error_of({"check", "-c"}), Catch::Matchers::Contains("-c needs the path"));
  CHECK_THAT(error_of({"queue", "peek", "--last"}), Catch::Matchers::Contains("--last needs a value"));
  CHECK_THAT(error_of({"queue", "peek", "--last", "0"}), Catch::Matchers::Contains("a number from 1, not \"0\""));
  CHECK_THAT(error_of({"queue", "peek", "--lane", "fast"}), Catch::Matchers::Contains("alarm or telemetry"));
  CHECK_THAT(error_of({"queue", "peek", "--since", "yesterday"}),
             Catch::Matchers::Contains("such as 2026-11-22T09:00:00Z or an age such as 15m, not \"yesterday\""));
  CHECK_THAT(error_of({"queue", "purge", "--before", "soon"}), Catch::Matchers::Contains("--before is a time such as"));
  CHECK_THAT(error_of({"queue", "export", "-o", ""}), Catch::Matchers::Contains("-o needs the path"));
  CHECK_THAT(error_of({"queue", "export", "-o"}), Catch::Matchers::Contains("-o needs a value"));
  CHECK_THAT(error_of({"run", "--log", "xml"}), Catch::Matchers::Contains("text or json"));
  CHECK_THAT(error_of({"demo", "-c", "x"}), Catch::Matchers::Contains("leave out -c"));
}

}  // namespace fieldpost::cli
