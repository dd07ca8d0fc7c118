#include "agent/demo/verdict.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "agent/status.h"
#include "agent/text.h"

namespace fieldpost::demo {
namespace {

using Json = nlohmann::ordered_json;
using Numbers = std::map<std::pair<std::string, std::string>, std::set<std::uint64_t>>;  // by device and point

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint64_t missing_of(const Numbers& numbers, const std::string& point,
                         const std::map<std::string, std::uint64_t>& sent) {
  std::uint64_t missing = 0;
  for (const auto& [device, last] : sent) {
    const auto found = numbers.find({device, point});
    for (std::uint64_t number = 1; number <= last; ++number) {
      if (found == numbers.end() || !found->second.contains(number)) ++missing;
    }
  }
  return missing;
}

std::uint64_t total(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : counts)
    sum += count;
  return sum;
}

std::vector<SeqRange> gaps(const std::set<std::uint64_t>& seqs, std::uint64_t last) {
  std::vector<SeqRange> ranges;
  std::uint64_t next = 1;
  for (const std::uint64_t seq : seqs) {
    if (seq > next) ranges.push_back({next, seq - 1});
    next = seq + 1;
  }
  if (next <= last) ranges.push_back({next, last});
  return ranges;
}

std::uint64_t count_of(const std::vector<SeqRange>& ranges) {
  std::uint64_t sum = 0;
  for (const auto& range : ranges)
    sum += range.count();
  return sum;
}

void weigh(Verdict& verdict, std::size_t sessions) {
  const auto fail = [&](std::uint64_t count, const std::string& what) {
    if (count > 0) verdict.failures.push_back(grouped(count) + " " + what);
  };
  const Account& account = verdict.account;
  fail(count_of(verdict.missing), "readings are missing");
  fail(verdict.polls_missing, "answered Modbus polls are missing");
  fail(verdict.messages_missing, "acknowledged MQTT messages are missing");
  if (account.read != account.delivered + account.waiting + account.rejected + account.evicted) {
    verdict.failures.emplace_back("the account does not balance");
  }
  if (verdict.distinct + account.waiting < account.read) {
    verdict.failures.emplace_back("the account names more readings than arrived or wait");
  }
  if (verdict.distinct > account.read) verdict.failures.emplace_back("more readings arrived than the account names");
  if (sessions > 1) verdict.failures.emplace_back("the agent started more than once");
}

}  // namespace

std::optional<Arrived> parse_record(const std::string& id, const std::string& json, bool backfill) {
  const std::string_view view = id;
  const auto last = view.rfind('/');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto middle = view.rfind('/', last - 1);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto session = whole(view.substr(middle + 1, last - middle - 1));
  const auto seq = whole(view.substr(last + 1));
  const Json record = Json::parse(json, nullptr, false);
  if (!session || !seq || !record.is_object()) return std::nullopt;
  Arrived arrived{*session, *seq, record.value("device", ""), record.value("point", ""), std::nullopt, backfill};
  if (const auto value = record.find("value"); value != record.end() && value->is_number_unsigned()) {
    arrived.number = value->get<std::uint64_t>();
  }
  return arrived;
}

Verdict judge(const std::vector<Arrived>& arrived, const Sent& sent, const Account& account) {
  Verdict verdict;
  verdict.account = account;
  std::map<std::uint64_t, std::set<std::uint64_t>> sessions;
  Numbers numbers;
  for (const auto& record : arrived) {
    ++verdict.records;
    if (record.backfill) ++verdict.backfilled;
    if (sessions[record.session].insert(record.seq).second) ++verdict.distinct;
    if (record.number) numbers[{record.device, record.point}].insert(*record.number);
  }
  const std::set<std::uint64_t> none;
  verdict.missing = gaps(sessions.empty() ? none : sessions.begin()->second, account.read);
  // What still waits is not missing; the account does not say which seqs those are.
  if (count_of(verdict.missing) <= account.waiting) verdict.missing.clear();
  verdict.polls = total(sent.polls);
  verdict.polls_missing = missing_of(numbers, "polls", sent.polls);
  verdict.messages = total(sent.messages);
  verdict.messages_missing = missing_of(numbers, "number", sent.messages);
  weigh(verdict, sessions.size());
  return verdict;
}

std::string to_json(const Verdict& verdict) {
  Json missing = Json::array();
  for (const auto& range : verdict.missing)
    missing.push_back({range.first, range.last});
  const Account& account = verdict.account;
  const Json json{{"complete", verdict.failures.empty()},
                  {"records", verdict.records},
                  {"readings", verdict.distinct},
                  {"duplicates", verdict.duplicates()},
                  {"backfilled", verdict.backfilled},
                  {"missing", missing},
                  {"polls", {{"answered", verdict.polls}, {"missing", verdict.polls_missing}}},
                  {"messages", {{"acknowledged", verdict.messages}, {"missing", verdict.messages_missing}}},
                  {"account",
                   {{"read", account.read},
                    {"delivered", account.delivered},
                    {"waiting", account.waiting},
                    {"rejected", account.rejected},
                    {"evicted", account.evicted}}},
                  {"failures", verdict.failures}};
  return json.dump();
}

std::string to_string(const Verdict& verdict) {
  std::string text = "on the ground  " + grouped(verdict.records) + " records, " + grouped(verdict.distinct) +
                     " different readings, " + grouped(verdict.duplicates()) + " twice, " +
                     grouped(verdict.backfilled) + " marked as backfill\n";
  text +=
      "Modbus         " + grouped(verdict.polls) + " polls answered, " + grouped(verdict.polls_missing) + " missing\n";
  text += "MQTT           " + grouped(verdict.messages) + " messages acknowledged, " +
          grouped(verdict.messages_missing) + " missing\n";
  text += "account        " + to_string(verdict.account) + "\n";
  for (const auto& failure : verdict.failures)
    text += "FAILED         " + failure + "\n";
  if (verdict.failures.empty()) text += "verdict        nothing is missing\n";
  return text;
}

}  // namespace fieldpost::demo
