#include "buffer/queue.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

constexpr std::uint64_t kBatchReadings = 4096;

/// Never repeats, also when the database was lost: seconds x 2^20 + 20 random bits, below 2^53.
std::uint64_t new_session(std::int64_t wall) {
  std::random_device random;
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(wall, 0)) / 1'000'000;
  return (seconds << 20 | (random() & 0xfffff)) & ((1ULL << 53) - 1);
}

}  // namespace

Queue::Impl::Impl(QueueOptions options, const Clock& clock)
    : options_(std::move(options)),
      shares_(shares_of(options_.max_size)),
      clock_(clock),
      session_{new_session(clock.now().wall), options_.agent, options_.site},
      started_(clock.now()),
      evicted_layout_("self", options_.agent, {{"evicted", ""}}, Lane::alarm),
      tails_{Tail(session_.id, Lane::alarm, clock.boot()), Tail(session_.id, Lane::telemetry, clock.boot())},
      max_bytes_(options_.max_size) {
  last_commit_ = std::chrono::steady_clock::now();
  open_store(true);
  thread_ = std::thread([this] { write(); });
}

Queue::Impl::~Impl() {
  if (thread_.joinable()) {
    close();
    {
      const Lock lock(mutex_);
      stopping_ = true;
      writer_.notify_all();
    }
    thread_.join();
  }
}

SeqRange Queue::Impl::append(const Layout& layout, const Stamp& stamp, std::span<const Value> values, Hold hold,
                             Wait wait) {
  if (values.empty() || values.size() != layout.points().size()) {
    throw std::logic_error("append: one value for each point of the layout");
  }
  SeqRange range;
  {
    Lock lock(mutex_);
    const Room found = room_for(For::queue, layout.lane(), hold, wait, lock);
    if (closing_) return {};
    if (found == Room::never) return drop(layout.lane(), values.size());
    Tail& lane = tail(layout.lane());
    range = {next_seq_, next_seq_ + values.size() - 1};
    next_seq_ = range.last + 1;
    const bool first = unsafe_.empty();
    const std::size_t before = lane.open.bytes();
    lane.open.add(layout, stamp, range.first, values);
    lane.open_held = lane.open_held || hold == Hold::yes;
    memory_ += lane.open.bytes() - before;
    unsafe_.add(range);
    read_ += values.size();
    waiting_[static_cast<std::size_t>(layout.lane())] += values.size();
    const bool full = lane.open.bytes() >= shares_.batch || lane.open.readings() >= kBatchReadings;
    if (full) lane.close_open();
    // The writer sleeps until the oldest unsafe reading is due; only a first one, or RAM filling up, changes that.
    const bool sooner = first && std::chrono::steady_clock::now() + options_.commit_interval < wakes_at_;
    if (sooner || full) writer_.notify_one();
  }
  if (wake) wake();
  return range;
}

SeqRange Queue::Impl::drop(Lane lane, std::uint64_t readings) {
  const SeqRange range{next_seq_, next_seq_ + readings - 1};
  next_seq_ = range.last + 1;
  read_ += readings;
  waiting_[static_cast<std::size_t>(lane)] += readings;
  count_evicted(lane, session_.id, {range}, readings, disk_error_.empty() ? "size" : "memory");
  return range;
}

// Stamps of another boot do not compare with ours: there the wall clock decides, where it can be believed. Where it
// cannot, the reading is as old as this session, which found it.
std::int64_t Queue::Impl::age_of(const Moment& moment, const Stamp& now) const {
  std::int64_t age = now.boot - started_.boot;
  if (moment.boot == clock_.boot() && moment.boot != 0) {
    age = now.boot - moment.stamp.boot;
  } else if (moment.stamp.synchronised && now.synchronised) {
    age = now.wall - moment.stamp.wall;
  }
  return std::max<std::int64_t>(age, 0);
}

QueueHealth Queue::Impl::health() const {
  QueueHealth health;
  const std::uint64_t on_disk = disk_use(options_.path).all();
  const Stamp now = clock_.now();
  const Lock lock(mutex_);
  health.session = session_.id;
  health.previous = previous_;
  health.waiting_alarm = waiting_[0];
  health.waiting_telemetry = waiting_[1];
  health.account = {read_, delivered_, waiting_[0] + waiting_[1], rejected_, evicted_};
  health.waiting_bytes = memory_;
  health.memory_bytes = memory_;
  health.disk_bytes = on_disk;
  health.max_bytes = max_bytes_;
  health.full = full_;
  health.evictions = evictions_;
  health.commit_duration_p99 = commit_durations_.quantile(0.99);
  health.commits = commits_;
  health.disk_error = disk_error_.empty() ? read_error_ : disk_error_;
  health.disk_error_since = disk_error_since_;
  health.set_aside = set_aside_;
  health.recovered = recovered_;
  for (const Tail& lane : tails_) {
    const auto age = [&](const Moment& first) { health.oldest_age = std::max(health.oldest_age, age_of(first, now)); };
    lane.each([&](const EntryPtr& entry) { age({entry->batch->first(), entry->batch->boot()}); });
    for (const OnDisk* rows : {&lane.body, &lane.parked}) {
      health.waiting_bytes += rows->bytes;
      if (rows->readings > 0) age(rows->first);
    }
    health.parked += lane.parked_readings();
    if (!lane.open.empty()) age({lane.open.first(), clock_.boot()});
  }
  return health;
}

std::uint64_t Queue::Impl::database_id() const {
  const Lock lock(mutex_);
  return database_id_;
}

void Queue::Impl::close() {
  const Lock lock(mutex_);
  closing_ = true;
  tell_room();
}

std::optional<Purged> Queue::Impl::order(std::optional<PurgeOrder> purge, std::chrono::milliseconds at_most) {
  const auto order = std::make_shared<Order>();
  order->purge = purge;
  Lock lock(mutex_);
  orders_.push_back(order);
  writer_.notify_one();
  obeyed_.wait_for(lock, at_most, [&] { return order->done || ended_; });
  return order->result;
}

Unsafe Queue::Impl::finish(std::chrono::milliseconds at_most) {
  close();
  Unsafe result;
  {
    Lock lock(mutex_);
    stopping_ = true;
    erase_until_ = std::chrono::steady_clock::now() + at_most / 2;
    writer_.notify_all();
    abandoned_ = !done_.wait_for(lock, at_most, [&] { return ended_; });
    result.readings = unsafe_.count();
    result.ranges = unsafe_.ranges();
    if (result.readings > 0) {
      const char* reason = full_ ? "the disk is full, or buffer.max_size too small" : "the disk does not answer";
      result.reason = disk_error_.empty() ? reason : disk_error_;
    }
    ended_ = true;
    tell_safe();
    obeyed_.notify_all();
  }
  if (abandoned_) {
    thread_.detach();
  } else {
    thread_.join();
  }
  return result;
}

// --- the public face ---

Queue::Queue(QueueOptions options, const Clock& clock) : impl_(std::make_unique<Impl>(std::move(options), clock)) {}

Queue::~Queue() {
  // A writer that hangs in the disk still uses it; the process is about to end.
  if (impl_->abandoned()) (void)impl_.release();  // NOLINT(bugprone-unused-return-value)
}

const std::string& Queue::agent() const {
  return impl_->agent();
}

std::uint64_t Queue::session() const {
  return impl_->session();
}
SeqRange Queue::append(const Layout& layout, const Stamp& stamp, std::span<const Value> values, Hold hold, Wait wait) {
  return impl_->append(layout, stamp, values, hold, wait);
}
SeqRange Queue::append_rejected(const Layout& layout, const Stamp& stamp, const Value& value, const Refusal& refusal,
                                Hold hold, Wait wait) {
  return impl_->append_rejected(layout, stamp, value, refusal, hold, wait);
}
bool Queue::wait_safe(SeqRange range, std::chrono::milliseconds at_most) {
  return impl_->wait_safe(range, at_most);
}
std::optional<Claim> Queue::claim(Part part) {
  return impl_->claim(part);
}
void Queue::settle(const Claim& claim, const Settlement& settlement) {
  impl_->settle(claim, settlement);
}
std::uint64_t Queue::database_id() const {
  return impl_->database_id();
}
std::vector<SessionRange> Queue::undeleted() const {
  return impl_->undeleted();
}
void Queue::unpark() {
  impl_->unpark();
}
void Queue::live_from_now() {
  impl_->live_from_now();
}
void Queue::set_link(const LinkHint& hint) {
  impl_->set_link(hint);
}
void Queue::on_waiting(std::function<void()> wake) {
  impl_->wake = std::move(wake);
}
QueueHealth Queue::health() const {
  return impl_->health();
}
std::optional<Purged> Queue::purge(const PurgeOrder& order, std::chrono::milliseconds at_most) {
  return impl_->order(order, at_most);
}
std::optional<std::uint64_t> Queue::retry(std::chrono::milliseconds at_most) {
  const std::optional<Purged> done = impl_->order(std::nullopt, at_most);
  return done ? std::optional(done->readings) : std::nullopt;
}
void Queue::close() {
  impl_->close();
}
Unsafe Queue::finish(std::chrono::milliseconds at_most) {
  return impl_->finish(at_most);
}

}  // namespace fieldpost
