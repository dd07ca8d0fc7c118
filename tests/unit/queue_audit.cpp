#include "tests/unit/queue_audit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "buffer/peek.h"
#include "buffer/sqlite.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

const SystemClock system_clock;

constexpr std::ptrdiff_t shown = 5;  // of the first and of the last faults

constexpr const char* event_text = "an event";

std::string text_of(const ValueView& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  return "something else";
}

}  // namespace

/// Of any length up to some rows of the database's pages, now and then.
std::string label(std::uint64_t number) {
  const std::uint64_t length = number % 50 == 0 ? 9'000 : number * 7919 % 300;
  return std::to_string(number) + std::string(length, 'x');
}

std::vector<Evicted> ranges_of(const EventView& event) {
  const auto members = nlohmann::json::parse("{" + std::string(event.members) + "}");
  std::vector<Evicted> all;
  for (const auto& range : members.at("ranges")) {
    all.push_back({members.at("lane") == "alarm" ? Lane::alarm : Lane::telemetry,
                   range.at("session"),
                   {range.at("from"), range.at("to")}});
  }
  return all;
}

std::string name_of(const Identity& identity) {
  return std::to_string(identity.first) + "/" + std::to_string(identity.second);
}

namespace {

/// Of no database yet: zeros.
Account stored_account(const std::string& path) {
  try {
    const StoredAccount stored = Peek(path).state().account;
    return {stored.read(), stored.delivered, stored.waiting(), stored.rejected, stored.evicted};
  } catch (const PeekError&) {
    return {};
  }
}

}  // namespace

Contents drain(const QueueOptions& options) {
  Contents contents;
  std::map<std::pair<std::uint64_t, Lane>, std::uint64_t> newest;
  contents.before = stored_account(options.path);
  Queue queue(options, system_clock);
  while (const auto claim = queue.claim()) {
    each_reading(*claim->batch, [&](const Identity& identity, const ValueView& value) {
      std::uint64_t& last = newest[{identity.first, claim->batch->lane()}];
      if (identity.second <= last) contents.disorder.push_back(name_of(identity));
      last = std::max(last, identity.second);
      const auto* event = std::get_if<EventView>(&value);
      const bool of_now = identity.first == queue.session();
      if (!of_now) contents.waiting[identity] = event != nullptr ? event_text : text_of(value);
      if (event == nullptr) return;
      const std::vector<Evicted> told = ranges_of(*event);
      contents.evicted.insert(contents.evicted.end(), told.begin(), told.end());
    });
    queue.settle(*claim, {});
  }
  const QueueHealth health = queue.health();
  contents.trouble = health.disk_error + health.set_aside;
  for (const auto& [reason, evictions] : health.evictions)
    contents.trouble += " evicted for " + reason + ": " + std::to_string(evictions.readings);
  if (queue.finish(20s).readings > 0) contents.trouble += " cannot be written";
  contents.after = queue.health().account;

  sqlite::Connection database(options.path, sqlite::Mode::read_write);
  const std::string integrity = database.text("PRAGMA integrity_check");
  if (integrity != "ok") contents.trouble += integrity;
  for (auto row = database.prepare("SELECT reason FROM rejected"); row.step();) {
    const std::string identity = row.text(0);
    const std::size_t slash = identity.find('/');
    contents.rejected.emplace(std::stoull(identity), std::stoull(identity.substr(slash + 1)));
  }
  for (auto row = database.prepare("SELECT lane, session, first, last FROM evicted"); row.step();) {
    contents.evicted.push_back(
        {row.number(0) == 0 ? Lane::alarm : Lane::telemetry, row.count(1), {row.count(2), row.count(3)}});
  }
  return contents;
}

namespace {

/// The faults of one image, gathered.
class Audit {
 public:
  Audit(const Contents& contents, const Ledger& ledger, std::size_t position)
      : contents_(contents), ledger_(ledger), position_(position) {
    for (const Evicted& evicted : contents.evicted)
      each_evicted(evicted, ledger, [this](const Identity& identity) { evicted_.insert(identity); });
  }

  std::vector<std::string> faults() {
    if (!contents_.trouble.empty()) faults_.push_back(contents_.trouble);
    for (const std::string& each : contents_.disorder)
      faults_.push_back(each + " is behind a later one");
    for (const auto& [identity, fate] : ledger_)
      follow(identity, fate);
    for (const auto& [identity, text] : contents_.waiting)
      compare(identity, text);
    accounts();
    if (std::ssize(faults_) > shown)
      faults_.insert(faults_.begin() + shown, "and, of " + std::to_string(faults_.size()) + ":");
    if (std::ssize(faults_) > 2 * shown) faults_.erase(faults_.begin() + shown + 1, faults_.end() - shown);
    return std::move(faults_);
  }

 private:
  void follow(const Identity& identity, const Fate& fate) {
    const bool settled = fate.settled_from <= position_;
    const bool waits = contents_.waiting.contains(identity);
    const bool kept = contents_.rejected.contains(identity);
    const bool named = evicted_.contains(identity);
    const bool given_up = named || fate.told_from <= position_;
    const bool known = waits || kept || given_up || (settled && !fate.rejected);
    if (fate.safe_from <= position_ && !known) faults_.push_back(name_of(identity) + " was safe and is lost");
    if (waits + kept + (named && !settled) > 1) faults_.push_back(name_of(identity) + " is in two places");
    ++counted_.read;
    if (!settled && !given_up) {
      ++counted_.waiting;
    } else if (fate.rejected || !settled) {
      ++(given_up ? counted_.evicted : counted_.rejected);
    } else {
      ++counted_.delivered;
    }
  }

  void compare(const Identity& identity, const std::string& text) {
    const auto known = ledger_.find(identity);
    if (text == event_text) {
      if (known != ledger_.end()) return;
      ++counted_.read;
      ++counted_.waiting;
    } else if (known == ledger_.end()) {
      faults_.push_back(name_of(identity) + " was never appended");
    } else {
      // A poll has two readings: number and label.
      const auto before = ledger_.find({identity.first, identity.second - 1});
      const bool second = before != ledger_.end() && before->second.number == known->second.number;
      if (text != (second ? label(known->second.number) : std::to_string(known->second.number)))
        faults_.push_back(name_of(identity) + " has another value");
    }
  }

  void accounts() {
    for (const Account& account : {contents_.before, contents_.after}) {
      if (account.read != account.delivered + account.waiting + account.rejected + account.evicted)
        faults_.emplace_back("the account does not balance");
    }
    const Account& before = contents_.before;
    if (before.waiting != contents_.waiting.size()) faults_.emplace_back("the account has another number waiting");
    if (before.rejected != contents_.rejected.size()) faults_.emplace_back("the account has another number rejected");
    if (contents_.after.waiting != 0) faults_.emplace_back("something waits at the end");
    if (position_ != the_end) return;
    const auto same = [this](const char* name, std::uint64_t found, std::uint64_t counted) {
      if (found == counted) return;
      faults_.push_back(std::string(name) + ": " + std::to_string(found) + ", and not " + std::to_string(counted));
    };
    same("read", before.read, counted_.read);
    same("delivered", before.delivered, counted_.delivered);
    same("waiting", before.waiting, counted_.waiting);
    same("rejected", before.rejected, counted_.rejected);
    same("evicted", before.evicted, counted_.evicted);
  }

  const Contents& contents_;
  const Ledger& ledger_;
  std::size_t position_;
  std::set<Identity> evicted_;
  Account counted_;  // as it must be where the queue was stopped in order
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> faults_in(const Contents& contents, const Ledger& ledger, std::size_t position) {
  return Audit(contents, ledger, position).faults();
}

}  // namespace fieldpost::unit
