#include "tests/unit/queue_model.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue_fixture.h"

namespace fieldpost::unit {
namespace {

using namespace std::chrono_literals;

constexpr int devices = 5;

std::string device(int number) {
  return "pump-" + std::to_string(number);
}

}  // namespace

QueueModel::QueueModel(QueueOptions options, std::uint64_t seed) : options_(std::move(options)), dice_(seed) {}

QueueModel::~QueueModel() = default;

void QueueModel::start() {
  queue_ = std::make_unique<Queue>(options_, system_clock);
  queue_->set_link({true, 1ms});
  ordinals_.emplace(queue_->session(), ordinals_.size());
}

void QueueModel::stop() {
  for (const Claim& claim : loans_)
    settle_as(claim, true);
  loans_.clear();
  const Unsafe left = queue_->finish(60s);
  if (left.readings > 0) faults_.push_back(std::to_string(left.readings) + " could not be made safe: " + left.reason);
  queue_.reset();
}

void QueueModel::append() {
  // This thread is the forwarder, too: it must not wait for room that only its loans would give.
  while (!loans_.empty() && queue_->health().memory_bytes > options_.max_memory / 2)
    settle();
  const std::string name = device(up_to(devices - 1));
  const Lane lane = up_to(9) == 0 ? Lane::alarm : Lane::telemetry;
  const Layout layout("plc-a", name, {{"count", ""}, {"text", ""}}, lane);
  const std::string text(up_to(5) == 0 ? 8000 : 20, static_cast<char>('a' + up_to(20)));
  const SeqRange range =
      queue_->append(layout, system_clock.now(), std::vector<Value>{std::int64_t{up_to(1000)}, text});
  for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
    readings_[{queue_->session(), seq}] = {name, lane};
}

void QueueModel::claim() {
  constexpr Part parts[]{Part::any, Part::live, Part::backlog};
  const Part part = options_.live_first ? parts[1 + up_to(1)] : Part::any;
  auto claim = queue_->claim(part);
  if (!claim) return;
  if (part != Part::any && claim->backlog != (part == Part::backlog)) faults_.emplace_back("a batch of the other part");
  loans_.push_back(std::move(*claim));
}

std::vector<std::pair<Identity, std::string>> QueueModel::readings_of(const Batch& batch) {
  std::vector<std::pair<Identity, std::string>> all;
  for (BatchReader reader(batch); reader.next();) {
    for (std::size_t i = 0; i < reader.values().size(); ++i) {
      all.emplace_back(Identity{batch.session(), reader.first_seq() + i}, reader.layout().device());
      if (const auto* event = std::get_if<EventView>(&reader.values()[i])) {
        readings_.try_emplace(all.back().first, Reading{reader.layout().device(), batch.lane()});
        for (const Evicted& evicted : ranges_of(*event))
          evicted_.push_back(evicted);
      }
    }
  }
  return all;
}

void QueueModel::acknowledged(const Claim& claim, const Identity& identity, const std::string& name) {
  ++readings_[identity].ends;
  const bool backlog = options_.live_first && claim.backlog;
  Identity& newest = newest_[{name, claim.batch->lane(), backlog}];
  const Identity place{ordinals_.at(identity.first), identity.second};
  if (place <= newest) faults_.push_back(name_of(identity) + " of " + name + " came behind " + name_of(newest));
  newest = place;
}

void QueueModel::settle_as(const Claim& claim, bool fails) {
  Settlement settlement;
  const std::vector<Evicted> told = evicted_;
  const auto readings = readings_of(*claim.batch);
  const bool event = evicted_.size() > told.size();
  if (fails || event) evicted_ = told;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& [identity, name] = readings[i];
    if (blocked_.contains(name)) {
      settlement.parked.push_back(i);
    } else if (fails) {
      settlement.released.push_back(i);
    } else if (!event && up_to(40) == 0) {
      settlement.rejected.push_back({i, name_of(identity), "topic"});
      readings_[identity].rejected = true;
    } else {
      acknowledged(claim, identity, name);
    }
  }
  if (!fails && event) readings_of(*claim.batch);
  queue_->settle(claim, settlement);
}

void QueueModel::settle() {
  if (loans_.empty()) return;
  const bool fails = up_to(9) == 0;
  const std::size_t count = fails ? loans_.size() : 1;
  for (std::size_t i = 0; i < count; ++i)
    settle_as(loans_[i], fails);
  loans_.erase(loans_.begin(), loans_.begin() + static_cast<std::ptrdiff_t>(count));
}

void QueueModel::block_a_topic() {
  blocked_.insert(device(up_to(devices - 1)));
}

void QueueModel::free_the_topics() {
  for (const Claim& claim : loans_)
    settle_as(claim, false);
  loans_.clear();
  blocked_.clear();
  queue_->unpark();
}

void QueueModel::purge_what_is_old() {
  PurgeOrder order;
  order.before = system_clock.now().wall - 20'000;
  if (!queue_->purge(order, 60s)) faults_.emplace_back("a purge was not done");
}

void QueueModel::step() {
  const int dice = up_to(199);
  if (dice < 90) append();
  if (dice >= 90 && dice < 140) claim();
  if (dice >= 140 && dice < 190) settle();
  if (dice == 190 || dice == 191) block_a_topic();
  if (dice == 192) free_the_topics();
  if (dice == 193 && up_to(9) == 0) purge_what_is_old();
  if (dice == 194) queue_->live_from_now();
  if (dice == 195) queue_->wait_safe({1, UINT64_MAX / 2}, 5s);
  if (dice > 195) check_account();
}

void QueueModel::check_account() {
  const QueueHealth health = queue_->health();
  const Account& account = health.account;
  if (account.read != account.delivered + account.waiting + account.rejected + account.evicted)
    faults_.emplace_back("the account does not balance");
  if (health.parked > account.waiting) faults_.emplace_back("more is parked than waits");
  most_parked_ = std::max(most_parked_, health.parked);
}

void QueueModel::drain() {
  free_the_topics();
  Account account;
  std::uint64_t told = 0;
  const bool drained = support::eventually(60s, [&] {
    while (auto claim = queue_->claim())
      settle_as(*claim, false);
    account = queue_->health().account;
    told = 0;
    for (const Evicted& evicted : evicted_)
      each_evicted_reading(evicted, [&](Reading&) { ++told; });
    return account.waiting == 0 && told == account.evicted;
  });
  if (!drained)
    faults_.push_back(std::to_string(account.waiting) + " still wait; of " + std::to_string(account.evicted) +
                      " evicted " + std::to_string(told) + " were told of");
}

void QueueModel::check_end() {
  for (const Evicted& evicted : evicted_)
    each_evicted_reading(evicted, [](Reading& reading) { ++reading.ends; });
  for (auto& [identity, reading] : readings_) {
    if (reading.rejected && reading.ends == 0) ++reading.ends;  // else it was given up since
    if (reading.ends != 1)
      faults_.push_back(name_of(identity) + " of " + reading.device + " ended " + std::to_string(reading.ends) +
                        " times");
  }
  const Account account = queue_->health().account;
  if (account.read != readings_.size()) faults_.emplace_back("the account has read another number");
  if (faults_.size() > 10) faults_.resize(10);
}

}  // namespace fieldpost::unit
