#include "buffer/queue.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

// A batch is one row and is held in RAM whole: large enough that the row's own cost vanishes, small enough that a
// window of them stays a small part of a gateway's memory.
constexpr std::size_t kBatchBytes = 64 << 10;
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
      clock_(clock),
      session_{new_session(clock.now().wall), options_.agent, options_.site},
      started_(clock.now().wall),
      tails_{Tail(session_.id, Lane::alarm), Tail(session_.id, Lane::telemetry)} {
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

SeqRange Queue::Impl::append(const Layout& layout, const Stamp& stamp, std::span<const Value> values) {
  if (values.empty() || values.size() != layout.points().size()) {
    throw std::logic_error("append: one value for each point of the layout");
  }
  SeqRange range;
  {
    Lock lock(mutex_);
    // The agent's own readings never block: what they tell of is why RAM is full.
    while (layout.lane() != Lane::alarm && memory_ >= options_.max_memory && !closing_) {
      ++space_waiters_;
      writer_.notify_one();
      space_.wait(lock);
      --space_waiters_;
    }
    if (closing_) return {};
    Tail& lane = tail(layout.lane());
    range = {next_seq_, next_seq_ + values.size() - 1};
    next_seq_ = range.last + 1;
    const bool first = unsafe_.empty();
    const std::size_t before = lane.open.bytes();
    lane.open.add(layout, stamp, range.first, values);
    memory_ += lane.open.bytes() - before;
    unsafe_.add(range);
    read_ += values.size();
    waiting_[static_cast<std::size_t>(layout.lane())] += values.size();
    const bool full = lane.open.bytes() >= kBatchBytes || lane.open.readings() >= kBatchReadings;
    if (full) lane.close_open();
    // The writer sleeps until the oldest unsafe reading is due; only a first one, or RAM filling up, changes that.
    const bool sooner = first && std::chrono::steady_clock::now() + options_.commit_interval < wakes_at_;
    if (sooner || full) writer_.notify_one();
  }
  if (wake) wake();
  return range;
}

bool Queue::Impl::wait_safe(SeqRange range, std::chrono::milliseconds at_most) {
  Lock lock(mutex_);
  if (!unsafe_.overlaps(range)) return true;
  ++safety_waiters_;
  writer_.notify_one();
  safe_.wait_for(lock, at_most, [&] { return ended_ || !unsafe_.overlaps(range); });
  --safety_waiters_;
  return !unsafe_.overlaps(range);
}

QueueHealth Queue::Impl::health() const {
  QueueHealth health;
  const std::uint64_t on_disk = disk_bytes(options_.path);
  const Lock lock(mutex_);
  health.session = session_.id;
  health.previous = previous_;
  health.waiting_alarm = waiting_[0];
  health.waiting_telemetry = waiting_[1];
  health.account = {read_, delivered_, waiting_[0] + waiting_[1], rejected_, evicted_};
  health.waiting_bytes = memory_ + tails_[0].body_bytes + tails_[1].body_bytes;
  health.memory_bytes = memory_;
  health.disk_bytes = on_disk;
  health.commit_duration_p99 = commit_durations_.quantile(0.99);
  health.commits = commits_;
  health.disk_error = disk_error_.empty() ? read_error_ : disk_error_;
  health.disk_error_since = disk_error_since_;
  health.set_aside = set_aside_;
  health.damaged = damaged_;
  const Stamp now = clock_.now();
  for (const Tail& lane : tails_) {
    const auto age = [&](const Stamp& first) {
      health.oldest_age = std::max(health.oldest_age, first.boot != 0 ? now.boot - first.boot : now.wall - first.wall);
    };
    lane.each([&](const Entry& entry) {
      age(entry.batch->session() == session_.id ? entry.batch->first() : Stamp{entry.batch->first().wall, 0});
    });
    if (lane.body_readings > 0) age(lane.body_first);
    if (!lane.open.empty()) age(lane.open.first());
  }
  return health;
}

void Queue::Impl::close() {
  const Lock lock(mutex_);
  closing_ = true;
  space_.notify_all();
}

Unsafe Queue::Impl::finish(std::chrono::milliseconds at_most) {
  close();
  Unsafe result;
  {
    Lock lock(mutex_);
    stopping_ = true;
    writer_.notify_all();
    abandoned_ = !done_.wait_for(lock, at_most, [&] { return ended_; });
    result.readings = unsafe_.count();
    result.ranges = unsafe_.ranges();
    if (result.readings > 0) result.reason = disk_error_.empty() ? "the disk does not answer" : disk_error_;
    ended_ = true;
    safe_.notify_all();
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

std::uint64_t Queue::session() const {
  return impl_->session();
}
SeqRange Queue::append(const Layout& layout, const Stamp& stamp, std::span<const Value> values) {
  return impl_->append(layout, stamp, values);
}
bool Queue::wait_safe(SeqRange range, std::chrono::milliseconds at_most) {
  return impl_->wait_safe(range, at_most);
}
std::optional<Claim> Queue::claim() {
  return impl_->claim();
}
void Queue::settle(const Claim& claim, const Settlement& settlement) {
  impl_->settle(claim, settlement);
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
void Queue::close() {
  impl_->close();
}
Unsafe Queue::finish(std::chrono::milliseconds at_most) {
  return impl_->finish(at_most);
}

}  // namespace fieldpost
