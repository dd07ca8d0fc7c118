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

  std::mutex calling;          // before the queue's mutex
  std::function<void()> wake;  // guarded by it

  // Guarded by the queue's mutex.
  bool for_safety = false;  // counts among the safety waiters
  bool for_room = false;    // and among those that wait for space
  bool called = false;      // since it asked last
};

class WatchedMutex {
 public:
  using Watchers = std::vector<std::shared_ptr<QueueWatch::Watcher>>;

  /// Calls who was told under it when it lets go, but where a condition variable lets go of it.
  class Lock : public std::unique_lock<std::mutex> {
   public:
    explicit Lock(WatchedMutex& mutex) : unique_lock(mutex.mutex_), told_(mutex.told_) {}
    ~Lock() {
      if (owns_lock()) unlock();
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    void unlock() {
      const Watchers told = std::exchange(told_, {});
      unique_lock::unlock();
      for (const auto& watcher : told)
        watcher->call();
    }
    /// To be asked before a wait. True: somebody was called meanwhile, and all may be different.
    bool called() {
      if (told_.empty()) return false;
      unlock();
      lock();
      return true;
    }

   private:
    Watchers& told_;
  };

  /// For a watcher, who may be in a call: nobody is called by it.
  class QuietLock : public std::lock_guard<std::mutex> {
   public:
    explicit QuietLock(WatchedMutex& mutex) : lock_guard(mutex.mutex_) {}
  };

  /// Under the mutex.
  void tell(std::shared_ptr<QueueWatch::Watcher> watcher) { told_.push_back(std::move(watcher)); }
  bool told() const { return !told_.empty(); }

 private:
  std::mutex mutex_;
  Watchers told_;  // guarded by it
};

}  // namespace fieldpost
