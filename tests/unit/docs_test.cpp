// What docs/ and the manual page say, held against the code.
#include "agent/cli/args.h"
#include "agent/forwarder/record.h"
#include "agent/forwarder/shape.h"
#include "agent/version.h"
#include "buffer/reading.h"
#include "tests/support/catch.h"
#include "tests/support/markdown.h"
#include "tests/support/temp_dir.h"

namespace fieldpost {
namespace {

std::string source(const std::string& name) {
  return support::read_file(std::string(FIELDPOST_SOURCE) + "/" + name);
}

std::string example(const std::string& title) {
  for (const support::Fence& fence : support::fences(source("docs/records.md"))) {
    if (fence.title == title) return fence.text;
  }
  return "";
}

constexpr std::int64_t time = 1'795'338'191'123'456;  // 2026-11-22T09:03:11.123456Z
const SessionInfo session{1'882'603'006'543'438, "gw-07", "kiruna"};

std::string record(std::uint64_t seq, const PointName& point, const ValueView& value) {
  std::string text;
  append_record(text, record_frame(session, "pump-7", point), seq, {time}, value);
  return text + "\n";
}

/// Without the backslashes that roff needs before a hyphen.
std::string manual() {
  std::string text = source("packaging/fieldpost.8");
  std::erase(text, '\\');
  return text;
}

}  // namespace

TEST_CASE("docs: the records shown are those that are written") {
  CHECK(record(345, {"pressure", "bar"}, 4.2) == example("good"));
  CHECK(record(346, {"flow", "m3/h"}, BadView{"timeout"}) == example("bad"));
  const std::string page = source("docs/records.md");
  for (const char* name : {kRecordSchema, kRecordContentType})
    CHECK(page.find("`" + std::string(name) + "`") != std::string::npos);
}

TEST_CASE("docs: topics are made as the table says") {
  int rows = 0;
  std::istringstream page(source("docs/records.md"));
  for (std::string line; std::getline(page, line);) {
    std::vector<std::string> cells;
    for (auto at = line.find('`'); line.starts_with("| `") && at != std::string::npos; at = line.find('`', at + 1)) {
      const auto end = line.find('`', at + 1);
      cells.push_back(line.substr(at + 1, end - at - 1));
      at = end;
    }
    if (cells.size() != 3 || cells[0].find("{device}") == std::string::npos) continue;
    ++rows;
    CHECK(kafka_topic(config::expand(cells[0], {{"device", cells[1]}})) == cells[2]);
  }
  CHECK(rows == 4);
}

TEST_CASE("docs: the manual page names every verb and option, and its examples are understood") {
  const std::string page = manual();
  const auto has = [&](const std::string& word) { return page.find(word) != std::string::npos; };
  CHECK(has("fieldpost " + std::string(kVersion)));
  for (const cli::Verb& verb : cli::verbs()) {
    INFO(verb.words);
    CHECK(has(std::string("\n.B ") + verb.words + "\n") !=
          has(std::string("\n.BR ") + verb.words + " \" " + verb.arguments));
    for (const cli::Option& option : verb.options)
      CHECK((has(std::string("\n.B ") + option.name + "\n") || has(std::string("\n.BI ") + option.name + " ")));
  }
  std::istringstream in(page.substr(page.find(".SH EXAMPLES")));
  int examples = 0;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("fieldpost ")) continue;
    std::vector<std::string> words = support::split(line);
    INFO(line);
    CHECK(cli::parse_args({words.begin() + 1, words.end()}).error.empty());
    ++examples;
  }
  CHECK(examples == 10);
}

}  // namespace fieldpost
