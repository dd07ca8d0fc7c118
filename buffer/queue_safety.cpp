// Whoever waits until readings are safe: in a call, or to be called.
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
  for (SafetyWatch::Watcher* watcher : watchers_) {
    if (watcher->waits && !std::exchange(watcher->called, true)) watcher->wake();
  }
}

void Queue::Impl::watch(SafetyWatch::Watcher& watcher) {
  const Lock lock(mutex_);
  watchers_.push_back(&watcher);
}

void Queue::Impl::unwatch(SafetyWatch::Watcher& watcher) {
  const Lock lock(mutex_);
  if (watcher.waits) --safety_waiters_;
  std::erase(watchers_, &watcher);
}

bool Queue::Impl::safe(SafetyWatch::Watcher& watcher, std::span<const SeqRange> ranges) {
  const Lock lock(mutex_);
  const bool yes =
      std::none_of(ranges.begin(), ranges.end(), [this](SeqRange range) { return unsafe_.overlaps(range); });
  watcher.called = false;
  if (yes && watcher.waits) --safety_waiters_;
  if (!yes && !watcher.waits) wait_for_safety();
  watcher.waits = !yes;
  return yes;
}

SafetyWatch::SafetyWatch(Queue& queue, std::function<void()> wake)
    : queue_(*queue.impl_), watcher_(std::make_unique<Watcher>()) {
  watcher_->wake = std::move(wake);
  queue_.watch(*watcher_);
}

SafetyWatch::~SafetyWatch() {
  queue_.unwatch(*watcher_);
}

bool SafetyWatch::safe(std::span<const SeqRange> ranges) {
  return queue_.safe(*watcher_, ranges);
}

}  // namespace fieldpost
