#include "tests/unit/queue_load.h"

#include <algorithm>

#include "buffer/sqlite.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

const SystemClock system_clock;
const Layout pump("plc-a", "pump-7", {{"count", ""}, {"label", ""}});
const Layout alarm("rules", "pump-7", {{"alarm/count", ""}, {"alarm/label", ""}}, Lane::alarm);

constexpr std::ptrdiff_t shown = 5;  // of the first and of the last faults

/// Of any length up to some rows of the database's pages, now and then.
std::string label(std::uint64_t number) {
  const std::uint64_t length = number % 50 == 0 ? 9'000 : number * 7919 % 300;
  return std::to_string(number) + std::string(length, 'x');
}

std::string text_of(const ValueView& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  return "something else";
}

/// As the reading before it was: a poll gives its number, then its label.
std::string expected(const Fate& fate, std::uint64_t seq, std::uint64_t first) {
  return seq == first ? std::to_string(fate.number) : label(fate.number);
}

std::string name_of(const Identity& identity) {
  return std::to_string(identity.first) + "/" + std::to_string(identity.second);
}

}  // namespace

Load::Load(support::Disk& disk, QueueOptions options, std::uint64_t seed, Ledger ledger)
    : disk_(disk), options_(std::move(options)), dice_(seed), ledger_(std::move(ledger)) {
  for (const auto& [identity, fate] : ledger_)
    polls_ = std::max(polls_, fate.number);
}

Load::~Load() = default;

void Load::open() {
  queue_ = std::make_unique<Queue>(options_, system_clock);
}

Unsafe Load::stop() {
  on_loan_.clear();
  Unsafe left = queue_->finish(20s);
  const std::size_t now = disk_.position();
  for (const Identity& identity : unsafe_) {
    const bool lost = std::any_of(left.ranges.begin(), left.ranges.end(), [&](const SeqRange& range) {
      return identity.second >= range.first && identity.second <= range.last;
    });
    if (!lost) ledger_[identity].safe_from = now;
  }
  unsafe_.clear();
  queue_.reset();
  return left;
}

void Load::append(int polls) {
  for (int i = 0; i < polls; ++i) {
    const std::uint64_t number = ++polls_;
    const Layout& layout = up_to(9) == 0 ? alarm : pump;
    const std::vector<Value> values{static_cast<std::int64_t>(number), label(number)};
    const SeqRange range = queue_->append(layout, system_clock.now(), values);
    for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
      const Identity identity{queue_->session(), seq};
      ledger_[identity] = {number, layout.lane()};
      unsafe_.push_back(identity);
    }
  }
}

bool Load::wait_safe(std::chrono::milliseconds at_most) {
  if (unsafe_.empty()) return true;
  if (!queue_->wait_safe({unsafe_.front().second, unsafe_.back().second}, at_most)) return false;
  const std::size_t now = disk_.position();
  for (const Identity& identity : unsafe_)
    ledger_[identity].safe_from = now;
  unsafe_.clear();
  return true;
}

Settlement Load::outcome(const Claim& claim) {
  Settlement settlement;
  const int dice = up_to(9);
  for (std::size_t i = 0; i < claim.batch->readings(); ++i) {
    if (dice == 0 || (dice <= 2 && up_to(1) == 0)) {
      settlement.released.push_back(i);
    } else if (dice == 3 && up_to(4) == 0) {
      settlement.rejected.push_back({i, {}, "topic"});
    }
  }
  return settlement;
}

void Load::settle(const Claim& claim, const Settlement& outcome) {
  Settlement settlement = outcome;
  std::vector<Identity> readings;
  for (const SeqRange& range : claim.batch->ranges()) {
    for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
      readings.emplace_back(claim.batch->session(), seq);
  }
  // Noted before the queue is told: it may be on the disk in no time.
  const std::size_t now = disk_.position();
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& released = settlement.released;
    if (std::find(released.begin(), released.end(), i) != released.end()) continue;
    ledger_[readings[i]].settled_from = now;
    ledger_[readings[i]].rejected = false;  // it may have been, before a cut that came too early for it
  }
  for (Rejection& rejection : settlement.rejected) {
    ledger_[readings[rejection.reading]].rejected = true;
    rejection.reason = name_of(readings[rejection.reading]);  // by which drain() knows it
  }
  queue_->settle(claim, settlement);
}

void Load::forward() {
  for (int i = up_to(2); i > 0; --i) {
    if (auto claim = queue_->claim()) on_loan_.push_back(std::move(*claim));
  }
  while (!on_loan_.empty() && up_to(2) > 0) {
    settle(on_loan_.front(), outcome(on_loan_.front()));
    on_loan_.erase(on_loan_.begin());
  }
}

void Load::drain() {
  for (const Claim& claim : on_loan_)
    settle(claim, {});
  on_loan_.clear();
  while (auto claim = queue_->claim())
    settle(*claim, {});
}

void Load::work(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    append(up_to(8));
    if (up_to(2) == 0) forward();
    if (up_to(1) == 0) wait_safe();
  }
}

Ledger Load::cut_at(std::size_t position) const {
  const auto after = [position](std::size_t event) { return event <= position ? 0 : SIZE_MAX; };
  Ledger ledger = ledger_;
  for (auto& [identity, fate] : ledger) {
    fate.safe_from = after(fate.safe_from);
    // What was not settled when the power failed waits again, and may then end in another way.
    fate.settled_from = after(fate.settled_from);
    if (fate.settled_from > 0) fate.rejected = false;
  }
  return ledger;
}

Contents drain(const QueueOptions& options) {
  Contents contents;
  std::map<std::pair<std::uint64_t, Lane>, std::uint64_t> newest;
  Queue queue(options, system_clock);
  contents.before = queue.health().account;
  while (const auto claim = queue.claim()) {
    const Batch& batch = *claim->batch;
    for (BatchReader reader(batch); reader.next();) {
      std::uint64_t seq = reader.first_seq();
      for (const ValueView& value : reader.values()) {
        std::uint64_t& last = newest[{batch.session(), batch.lane()}];
        if (seq <= last) contents.disorder.push_back(name_of({batch.session(), seq}));
        last = std::max(last, seq);
        contents.waiting[{batch.session(), seq}] = text_of(value);
        ++seq;
      }
    }
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
  return contents;
}

namespace {

/// Of a queue that was stopped in order.
bool exact(const Account& account, const Ledger& ledger) {
  Account counted;
  for (const auto& [identity, fate] : ledger) {
    ++counted.read;
    ++(fate.settled_from > the_end ? counted.waiting : (fate.rejected ? counted.rejected : counted.delivered));
  }
  return account.read == counted.read && account.waiting == counted.waiting && account.rejected == counted.rejected &&
         account.delivered == counted.delivered;
}

}  // namespace

std::vector<std::string> faults_in(const Contents& contents, const Ledger& ledger, std::size_t position) {
  std::vector<std::string> faults = contents.disorder;
  for (std::string& each : faults)
    each += " is behind a later one";
  if (!contents.trouble.empty()) faults.push_back(contents.trouble);
  for (const auto& [identity, fate] : ledger) {
    if (fate.safe_from > position) continue;
    const bool settled = fate.settled_from <= position;
    const bool kept = contents.rejected.contains(identity);
    if (!contents.waiting.contains(identity) && !kept && (!settled || fate.rejected)) {
      faults.push_back(name_of(identity) + " was safe and is lost");
    }
    if (contents.waiting.contains(identity) && kept) faults.push_back(name_of(identity) + " waits and is rejected");
  }
  for (const auto& [identity, text] : contents.waiting) {
    const auto known = ledger.find(identity);
    if (known == ledger.end()) {
      faults.push_back(name_of(identity) + " was never appended");
      continue;
    }
    // Polls have two readings each: number and label.
    const auto before = ledger.find({identity.first, identity.second - 1});
    const bool second = before != ledger.end() && before->second.number == known->second.number;
    const std::uint64_t first = identity.second - (second ? 1 : 0);
    if (text != expected(known->second, identity.second, first))
      faults.push_back(name_of(identity) + " has another value");
  }
  for (const Account& account : {contents.before, contents.after}) {
    if (account.read != account.delivered + account.waiting + account.rejected + account.evicted) {
      faults.emplace_back("the account does not balance");
    }
  }
  if (contents.before.waiting != contents.waiting.size()) faults.emplace_back("the account has another number waiting");
  if (contents.before.rejected != contents.rejected.size())
    faults.emplace_back("the account has another number rejected");
  if (position == the_end && !exact(contents.before, ledger)) faults.emplace_back("the account is not what happened");
  if (contents.before.evicted != 0) faults.emplace_back("something was evicted");
  if (contents.after.waiting != 0) faults.emplace_back("something waits at the end");
  if (std::ssize(faults) > shown)
    faults.insert(faults.begin() + shown, "and, of " + std::to_string(faults.size()) + ":");
  if (std::ssize(faults) > 2 * shown) faults.erase(faults.begin() + shown + 1, faults.end() - shown);
  return faults;
}

}  // namespace fieldpost::unit
