#include "tests/unit/queue_load.h"

#include <algorithm>

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

const SystemClock system_clock;
const Layout pump("plc-a", "pump-7", {{"count", ""}, {"label", ""}});
const Layout alarm("rules", "pump-7", {{"alarm/count", ""}, {"alarm/label", ""}}, Lane::alarm);

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

void Load::learn(const Claim& claim) {
  each_reading(*claim.batch, [this](const Identity& identity, const ValueView& value) {
    const auto* event = std::get_if<EventView>(&value);
    if (event == nullptr) return;
    events_[identity] = ranges_of(*event);
    ledger_.try_emplace(identity, Fate{.lane = Lane::alarm, .event = true});
  });
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
    for (const Evicted& evicted : events_[readings[i]])
      each_evicted(evicted, ledger_, [&](const Identity& identity) { ledger_[identity].told_from = now; });
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
    if (auto claim = queue_->claim()) {
      learn(*claim);
      on_loan_.push_back(std::move(*claim));
    }
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
  while (auto claim = queue_->claim()) {
    learn(*claim);
    settle(*claim, {});
  }
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
    fate.told_from = after(fate.told_from);
    if (fate.settled_from > 0) fate.rejected = false;
  }
  return ledger;
}

}  // namespace fieldpost::unit
