#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/output.h"
#include "agent/cli/verbs.h"
#include "agent/control.h"
#include "agent/text.h"
#include "buffer/files.h"
#include "buffer/verify.h"

namespace fieldpost::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Report {
  std::string file;
  Verified verified;
};

/// A file that was set aside and cannot even be read is no reason to say nothing of the others.
Report report_on_set_aside(const std::string& file) {
  try {
    return {file, verify(file, AgentRuns::no)};
  } catch (const PeekError& error) {
    Verified unread;
    unread.problems.emplace_back(error.what());
    return {file, unread};
  }
}

AgentRuns ask_for_agent(const std::string& database) {
  const Answer answer = ask(control_path(database), {"status"}, std::chrono::seconds{5});
  return answer.kind == Answer::Kind::not_running ? AgentRuns::no : AgentRuns::yes;
}

Json to_json(const Report& report) {
  Json problems = report.verified.problems;
  if (report.verified.more_problems > 0) {
    problems.push_back("and " + std::to_string(report.verified.more_problems) + " more");
  }
  return {{"ok", report.verified.ok()},           {"file", report.file},
          {"batches", report.verified.batches},   {"readings", report.verified.readings},
          {"rejected", report.verified.rejected}, {"problems", std::move(problems)}};
}

std::string to_text(const Report& report) {
  const Verified& verified = report.verified;
  std::string text = report.file + ": " + (verified.ok() ? "whole" : "damaged") + "; readings " +
                     grouped(verified.readings) + ", batches " + grouped(verified.batches) + ", rejected " +
                     grouped(verified.rejected) + "\n";
  for (const std::string& problem : verified.problems)
    text += "  " + printable(problem) + "\n";
  if (verified.more_problems > 0) text += "  and " + grouped(verified.more_problems) + " more\n";
  return text;
}

}  // namespace

int queue_verify(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  const std::string& database = config->buffer.path;
  const Report report{database, verify(database, ask_for_agent(database))};
  std::vector<Report> set_aside;
  for (const std::string& file : set_aside_files(database))
    set_aside.push_back(report_on_set_aside(file));
  Output output;
  if (args.has("--json")) {
    Json json = to_json(report);
    json["set_aside"] = Json::array();
    for (const Report& each : set_aside)
      json["set_aside"].push_back(to_json(each));
    output.write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    output.write(to_text(report));
    if (!set_aside.empty()) output.write("set aside, and no part of the buffer any more:\n");
    for (const Report& each : set_aside)
      output.write(to_text(each));
  }
  output.close();
  return report.verified.ok() ? fine : failed;
}

}  // namespace fieldpost::cli
