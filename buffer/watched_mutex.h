// The queue's mutex. Whoever watches the queue is told under it, and called when it is let go: he may ask the queue
// again.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "buffer/queue.h"

namespace fieldpost {

struct QueueWatch::Watcher {
  void call() {
    const std::lock_guard lock(calling);
    if (wake) wake();
  }
  /// Is not called any more, once this returns.
  void forget() {
    const std::lock_guard lock(calling);
    wake = nullptr;
  }

  std::mutex calling;
  std::function<void()> wake;  // guarded by it

  // Guarded by the queue's mutex.
  bool for_safety = false;  // counts among the safety waiters
  bool for_room = false;    // and among those that wait for space
  bool called = false;      // since it asked last
};

class WatchedMutex : public std::mutex {
 public:
  using Watchers = std::vector<std::shared_ptr<QueueWatch::Watcher>>;

  /// Holds the mutex, and calls at its end who was told under it.
  class Lock : public std::unique_lock<std::mutex> {
   public:
    explicit Lock(WatchedMutex& mutex) : unique_lock(mutex), told_(mutex.told_) {}
    ~Lock() {
      if (!owns_lock()) return;
      const Watchers told = std::exchange(told_, {});
      unlock();
      for (const auto& watcher : told)
        watcher->call();
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    Watchers& told_;
  };

  /// Under the mutex.
  void tell(std::shared_ptr<QueueWatch::Watcher> watcher) { told_.push_back(std::move(watcher)); }

 private:
  Watchers told_;  // guarded by the mutex
};

}  // namespace fieldpost
