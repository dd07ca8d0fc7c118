#include "config/parse.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/sections.h"

namespace fieldpost::config {
namespace {

/// The configuration before its maps, and each by place.
void sort(std::vector<Problem>& problems, const std::string& file) {
  std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
    const bool in_map_a = a.file != file;
    const bool in_map_b = b.file != file;
    return std::tie(in_map_a, a.file, a.line, a.column) < std::tie(in_map_b, b.file, b.line, b.column);
  });
}

void parse_root(const Node& node, const World& world, Config& config, Report& report) {
  Fields root(node, "", report);
  Context context{world, config, Maps(world, report), {}, {}};
  std::optional<Fields> agent = root.table("agent");
  if (agent) parse_agent(*agent, context);
  if (auto buffer = root.table("buffer")) parse_buffer(*buffer, context);
  if (auto kafka = root.table("kafka"); kafka && agent) parse_kafka(*kafka, *agent, context);
  parse_modbus(root, context);
  parse_mqtt(root, context);
  root.finish({"sim", "alarm", "http"});
}

}  // namespace

Loaded parse(std::string_view text, const std::string& file, const World& world) {
  std::variant<Node, Problem> document = parse_document(text, file);
  if (auto* problem = std::get_if<Problem>(&document)) return {std::nullopt, {std::move(*problem)}};

  Config config;
  config.file = file;
  Report report{file, {}};
  parse_root(std::get<Node>(document), world, config, report);
  sort(report.problems, file);
  if (!report.problems.empty()) return {std::nullopt, std::move(report.problems)};
  return {std::move(config), {}};
}

}  // namespace fieldpost::config
