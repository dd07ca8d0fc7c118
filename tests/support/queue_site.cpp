#include "tests/support/queue_site.h"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace fieldpost::support {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t minute = 60'000'000;

void close(Queue& queue) {
  queue.close();
  if (queue.finish(30s).readings > 0) throw std::runtime_error("the queue could not be committed");
}

}  // namespace

QueueSite::QueueSite(std::string binary, const std::string& keys) : binary_(std::move(binary)) {
  config_ =
      folder_.write("fieldpost.toml", "[agent]\nid = \"gw-07\"\nclock = \"trusted\"\n[buffer]\npath = \"" + database() +
                                          "\"\n" + keys + "[kafka]\nbrokers = [\"127.0.0.1:1\"]\ntopic = \"t\"\n");
}

ProcessOptions QueueSite::options(std::vector<std::string> words) const {
  words.insert(words.begin(), {binary_, "-c", config_});
  return {words, {}, ""};
}

Finished QueueSite::run(std::vector<std::string> words) const {
  return support::run(options(std::move(words)), 60s);
}

Finished QueueSite::on_terminal(const std::string& typed, const std::string& words) const {
  const std::string command = binary_ + " -c " + config_ + " " + words;
  return support::run({{"bash", "-c", "echo \"$0\" | script -qec \"$1\" /dev/null", typed, command}, {}, ""}, 60s);
}

std::uint64_t QueueSite::evicted() const {
  return Json::parse(run({"status", "--json"}).out)["account"]["evicted"].get<std::uint64_t>();
}

QueueOptions QueueSite::queue_options() const {
  QueueOptions options;
  options.path = database();
  options.agent = "gw-07";
  options.site = "kiruna";
  return options;
}

void QueueSite::leave(int polls, std::chrono::minutes ago) const {
  Queue queue(queue_options(), clock_);
  const Layout pump("plc-a", "pump-7", {{"pressure", "bar"}, {"state, \"raw\"", ""}});
  const Layout self("self", "gw-07", {{"state/pump-7", ""}}, Lane::alarm);
  const auto before = [this](std::int64_t minutes) {
    Stamp stamp = clock_.now();
    stamp.wall -= minutes * minute;
    stamp.boot -= minutes * minute;
    return stamp;
  };
  for (int poll = polls - 1; poll >= 0; --poll) {
    queue.append(pump, before(ago.count() + poll), std::vector<Value>{0.1F * static_cast<float>(poll), Bad{"timeout"}});
  }
  queue.append(self, before(ago.count()), std::vector<Value>{std::string("up")});
  close(queue);
}

void QueueSite::leave_rejected() const {
  Queue queue(queue_options(), clock_);
  const Layout tank("yard", "tank-1", {{"photo", ""}, {"level", "m"}});
  queue.append(tank, clock_.now(), std::vector<Value>{std::string("large"), 1.5});
  const auto claim = queue.claim();
  if (!claim) throw std::runtime_error("nothing can be claimed");
  queue.settle(*claim, {{}, {{0, "MSG_SIZE_TOO_LARGE", "telemetry.kiruna"}, {1, "INVALID_RECORD", "t"}}});
  close(queue);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<Json> records_of(const std::string& text) {
  std::vector<Json> records;
  for (const std::string& line : lines_of(text))
    records.push_back(Json::parse(line));
  return records;
}

}  // namespace fieldpost::support
