// Whoever waits until readings are safe, or until there is room for more: in a call, or to be called.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {

bool Queue::Impl::wait_safe(SeqRange range, std::chrono::milliseconds at_most) {
  Lock lock(mutex_);
  if (!unsafe_.overlaps(range)) return true;
  wait_for_safety();
  safe_.wait_for(lock, at_most, [&] { return ended_ || !unsafe_.overlaps(range); });
  --safety_waiters_;
  return !unsafe_.overlaps(range);
}

void Queue::Impl::wait_for_safety() {
  ++safety_waiters_;
  if (no_ack_soon() || !kept_.empty()) writer_.notify_one();
}

void Queue::Impl::tell_safe() {
  safe_.notify_all();
  for (const auto& watcher : watchers_) {
    if (watcher->for_safety && !std::exchange(watcher->called, true)) mutex_.tell(watcher);
  }
}

void Queue::Impl::tell_room() {
  space_.notify_all();
  for (const auto& watcher : watchers_) {
    if (watcher->for_room && !std::exchange(watcher->called, true)) mutex_.tell(watcher);
  }
}

Queue::Impl::Room Queue::Impl::room(Lane lane, Hold hold) {
  // Alarms get through a little longer.
  const std::uint64_t limit = options_.max_memory + (lane == Lane::alarm ? options_.max_memory / 4 : 0);
  while (memory_ >= limit) {
    if (disk_takes_nothing()) {
      if (options_.when_full == WhenFull::drop_newest && hold == Hold::no) return Room::never;
      if (options_.when_full == WhenFull::drop_oldest && evict_from_memory()) continue;
    }
    ++space_waiters_;
    drop_committed(options_.max_memory / 4);
    --space_waiters_;
    if (memory_ >= limit) return Room::none;
  }
  return Room::there;
}

Queue::Impl::Room Queue::Impl::room_to_keep(Hold hold) {
  const auto room = [this] { return kept_bytes_ < options_.max_memory / 4 && memory_ < options_.max_memory; };
  if (room()) return Room::there;
  if (disk_takes_nothing() && hold == Hold::no) return Room::never;
  ++space_waiters_;
  drop_committed(options_.max_memory / 4);
  --space_waiters_;
  return room() ? Room::there : Room::none;
}

// None: the queue is closing, or nobody waits.
Queue::Impl::Room Queue::Impl::room_for(For what, Lane lane, Hold hold, Wait wait, Lock& lock) {
  while (!closing_) {
    const Room found = what == For::keeping ? room_to_keep(hold) : room(lane, hold);
    if (found != Room::none || wait == Wait::no) return found;
    if (lock.called()) continue;
    ++space_waiters_;
    writer_.notify_one();
    space_.wait(lock);
    --space_waiters_;
  }
  return Room::none;
}

void Queue::Impl::watch(const std::shared_ptr<QueueWatch::Watcher>& watcher) {
  const Lock lock(mutex_);
  watchers_.push_back(watcher);
}

void Queue::Impl::unwatch(const std::shared_ptr<QueueWatch::Watcher>& watcher) {
  const Lock lock(mutex_);
  if (watcher->for_safety) --safety_waiters_;
  if (watcher->for_room) --space_waiters_;
  std::erase(watchers_, watcher);
}

bool Queue::Impl::safe(QueueWatch::Watcher& watcher, std::span<const SeqRange> ranges) {
  const WatchedMutex::QuietLock lock(mutex_);
  const bool yes =
      std::none_of(ranges.begin(), ranges.end(), [this](SeqRange range) { return unsafe_.overlaps(range); });
  watcher.called = false;
  if (yes && watcher.for_safety) --safety_waiters_;
  if (!yes && !watcher.for_safety) wait_for_safety();
  watcher.for_safety = !yes;
  return yes;
}

bool Queue::Impl::room(QueueWatch::Watcher& watcher, Hold hold, bool keeps) {
  const WatchedMutex::QuietLock lock(mutex_);
  const bool yes =
      closing_ || (room(Lane::telemetry, hold) != Room::none && (!keeps || room_to_keep(hold) != Room::none));
  watcher.called = false;
  if (yes && watcher.for_room) --space_waiters_;
  if (!yes && !watcher.for_room) ++space_waiters_;
  watcher.for_room = !yes;
  if (!yes || mutex_.told()) writer_.notify_one();  // what was evicted for it, others may wait for
  return yes;
}

QueueWatch::QueueWatch(Queue& queue, std::function<void()> wake)
    : queue_(*queue.impl_), watcher_(std::make_shared<Watcher>()) {
  watcher_->wake = std::move(wake);
  queue_.watch(watcher_);
}

QueueWatch::~QueueWatch() {
  watcher_->forget();  // first: in a call it may begin to wait for something
  queue_.unwatch(watcher_);
}

bool QueueWatch::safe(std::span<const SeqRange> ranges) {
  return queue_.safe(*watcher_, ranges);
}

bool QueueWatch::room(Hold hold, bool keeps) {
  return queue_.room(*watcher_, hold, keeps);
}

}  // namespace fieldpost
