// What docs/ and the manual page say, held against the code.
#include "agent/cli/args.h"
#include "agent/forwarder/checkpoint.h"
#include "agent/forwarder/cloud_event.h"
#include "agent/forwarder/kafka_properties_check.h"
#include "agent/forwarder/record.h"
#include "agent/forwarder/shape.h"
#include "agent/version.h"
#include "buffer/reading.h"
#include "config/kafka_properties.h"
#include "config/parse.h"
#include "tests/support/catch.h"
#include "tests/support/markdown.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/encoded.h"

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

/// The poll that all examples show.
Batch poll() {
  BatchBuilder builder(session.id, Lane::telemetry, 7);
  builder.add(Layout("plc-a", "pump-7", {{"pressure", "bar"}, {"running", ""}, {"flow", "m3/h"}}), {time, 1}, 345,
              std::vector<Value>{4.2F, true, Bad{"timeout"}});
  builder.add(Layout("self", "gw-07", {{"evicted", ""}}), {time, 1}, 348,
              std::vector<Value>{Event{R"("value":2,"ranges":[{"session":1882603006543438,"from":17,"to":18}],)"
                                       R"("lane":"telemetry","reason":"size")"}});
  return builder.close();
}

std::vector<Encoded> encoded(config::Format format, config::Record record = config::Record::reading) {
  config::Kafka kafka;
  kafka.format = format;
  kafka.record = record;
  return encode(kafka, poll(), session, {{time, 2}, 7, session.id, 0});
}

std::string line(const Encoded& message) {
  return message.value + "\n";
}

/// Without the backslashes that roff needs before a hyphen.
std::string manual() {
  std::string text = source("packaging/fieldpost.8");
  std::erase(text, '\\');
  return text;
}

}  // namespace

TEST_CASE("docs: the records shown are those that are written") {
  using config::Format;
  using config::Record;
  const std::vector<Encoded> readings = encoded(Format::json);
  CHECK(line(readings.at(0)) == example("good"));
  CHECK(line(readings.at(2)) == example("bad"));
  CHECK(line(readings.at(3)) == example("event"));
  CHECK(line(encoded(Format::json, Record::device).at(0)) == example("device"));
  CHECK(line(encoded(Format::cloudevents).at(0)) == example("cloudevents"));
  CHECK(line(encoded(Format::cloudevents, Record::device).at(0)) == example("cloudevents-device"));
  CHECK(line(encoded(Format::json_schema).at(0)) == example("columns"));
  const Encoded binary = encoded(Format::cloudevents_binary).at(0);
  CHECK(binary.value == readings.at(0).value);
  std::istringstream headers(example("cloudevents-binary"));
  std::size_t shown = 0;
  for (std::string header; std::getline(headers, header); ++shown) {
    const auto colon = header.find(": ");
    CHECK(binary.headers.at(header.substr(0, colon)) == header.substr(colon + 2));
  }
  CHECK(shown + readings.at(0).headers.size() == binary.headers.size());
  const std::string page = source("docs/records.md");
  for (const char* name : {kRecordSchema, kDeviceSchema, kColumnsSchema, kRecordContentType, kCloudEventContentType})
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

TEST_CASE("docs: a checkpoint is the one of docs/records.md") {
  const Checkpoint checkpoint{1882603006543438, 2251799813685248, {{1882603006543438, 1, 700}}};
  CHECK(write_checkpoint("gw-07", checkpoint) + "\n" == example("checkpoint"));
}

TEST_CASE("docs: the properties that are refused stand in the table, each with its reason and remedy") {
  std::vector<std::string> rows;
  std::istringstream page(source("docs/kafka.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `")) rows.push_back(line);
  }
  std::size_t named = 0;
  for (const config::RefusedProperty& each : config::refused_properties()) {
    const std::string remedy(each.remedy.empty() ? "leave it out" : each.remedy);
    const std::string rest = " | it " + std::string(each.why) + " | " + remedy + " |";
    INFO(each.name);
    for (const std::string& row : rows) {
      if (row.ends_with(rest) && row.find("`" + std::string(each.name) + "`") != std::string::npos) ++named;
    }
  }
  CHECK(named == config::refused_properties().size());
}

TEST_CASE("docs: the configurations of docs/kafka.md are right") {
  const auto fences = support::fences(source("docs/kafka.md"));
  int examples = 0;
  for (const support::Fence& fence : fences) {
    if (fence.language != "toml") continue;
    ++examples;
    const config::Loaded loaded = config::parse(fence.text, fence.title, {nullptr, "gw-07"});
    for (const config::Problem& problem : loaded.problems)
      UNSCOPED_INFO(config::to_string(problem));
    REQUIRE(loaded.config.has_value());
    CHECK(property_problems(*loaded.config).empty());
  }
  CHECK(examples == 6);
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
  CHECK(examples == 15);
}

}  // namespace fieldpost
