// Room on the disk: whether the next transaction fits in, what is done so that it does, and how space is given back.
// The writer's thread, without the lock.
#include <algorithm>

#include "buffer/queue_impl.h"

namespace fieldpost {
namespace {

using namespace std::chrono_literals;

// What is live in a file that is rewritten to make it shorter, at most: 2 MiB are a few milliseconds.
constexpr std::uint64_t kShrinkLive = 512;
constexpr std::uint64_t kShrinkWorth = 256;
constexpr auto kTidyAfter = 2s;
constexpr auto kTidyAgainAfter = 60s;

}  // namespace

// What the next transaction will write, as far as it can be told.
std::uint64_t Queue::Impl::pages_needed() {
  std::vector<std::shared_ptr<const Batch>> batches;
  std::vector<std::uint64_t> kept;  // rows, in bytes
  {
    const Lock lock(mutex_);
    std::uint64_t gathered = 0;  // as gather_batches() does
    for (Tail& lane : tails_) {
      lane.close_open();
      for (const EntryPtr& entry : lane.ordered()) {
        if (entry->saved || entry->committing) continue;
        if (gathered > 0 && gathered >= portion_) break;
        gathered += entry->batch->bytes();
        batches.push_back(entry->batch);
      }
    }
    kept = next_kept();
  }
  std::uint64_t bytes = 0;
  std::uint64_t small = 0;
  std::uint64_t pages = 0;
  const auto add = [&](std::uint64_t row) {
    const bool large = row >= kPageBytes / 2;
    pages += large ? pages_of(row) : 0;
    small += large ? 0 : row;
    return pages * kPageBytes + small + bytes < shares_.log / 2;
  };
  for (const auto& batch : batches) {
    bytes += 2 * store_->new_names(*batch);  // once in the table, once in its index
    if (!add(batch->bytes() + 4 * batch->layouts().size() + 64)) break;
  }
  for (const std::uint64_t row : kept) {
    if (!add(row)) break;
  }
  return pages + (small + bytes) / (kPageBytes * 3 / 4) + 1;
}

// True: the next transaction, of portion_ bytes of batches, keeps within the limits.
bool Queue::Impl::make_room() {
  if (std::chrono::steady_clock::now() >= learned_until_) learned_limit_.reset();
  portion_ = shares_.log / 4;
  bool emptied = false;
  bool truncated = false;
  bool reserve_used = false;
  for (;;) {
    const DiskUse use = disk_use(options_.path);
    const std::uint64_t given = use.all() + available(options_.path);
    const std::uint64_t limit = std::min({options_.max_size, given, learned_limit_.value_or(given)});
    {
      const Lock lock(mutex_);
      max_bytes_ = limit;
    }
    const DiskUse growth = grown(store_->pages(), use, pages_needed() + kOwnPages);
    const bool may_grow = growth.database + least_log(shares_) + growth.other <= limit;
    if (growth.all() <= limit && (growth.database == use.database || may_grow)) return true;
    if (!emptied) {
      emptied = true;
      store_->checkpoint(use.log > shares_.log ? sqlite::Checkpoint::truncate : sqlite::Checkpoint::restart);
    } else if (use.database + growth.log + growth.other > limit) {
      // It is the log that has no room: deleting rows would not help it, but making its file short does, a smaller
      // transaction, and at last what was held back.
      if (!std::exchange(truncated, true)) {
        store_->checkpoint(sqlite::Checkpoint::truncate);
      } else if (portion_ > shares_.batch) {
        portion_ /= 2;
      } else if (!std::exchange(reserve_used, true)) {
        release_reserve(options_.path);
      } else {
        return false;
      }
    } else {
      if (options_.when_full != WhenFull::drop_oldest || !evict_for_room()) return false;
      if (!commit(Due::housekeeping)) return false;
      emptied = false;
    }
  }
}

// After a transaction, and outside of it: empties the log, and gives space back once little is left.
void Queue::Impl::tidy() {
  try {
    const Pages pages = store_->pages();
    if (pages.in_log * kLogPageBytes > shares_.log / 2) store_->checkpoint(sqlite::Checkpoint::passive);
    keep_reserve();
    count_in_rows();
    if (pages.free < kShrinkWorth || pages.free < 4 * pages.live()) {
      tidy_at_.reset();
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!tidy_at_) tidy_at_ = now + kTidyAfter;  // what was freed may be needed again at once
    if (now < *tidy_at_) return;
    tidy_at_ = now + kTidyAgainAfter;
    if (stored_.waiting() == 0 && stored_.rejected == 0) store_->forget_names();
    if (store_->pages().live() > std::min(kShrinkLive, shares_.log / kLogPageBytes / 2)) return;
    store_->shrink();
    store_->checkpoint(sqlite::Checkpoint::truncate);
  } catch (const sqlite::Error& error) {
    forget_store(error);
  }
}

// max_size was made smaller: rows go until the rest fits in, and the file is rewritten, however long that takes.
void Queue::Impl::fit_into_limit() {
  const auto now = std::chrono::steady_clock::now();
  if (now < fit_again_at_ || options_.when_full != WhenFull::drop_oldest) return;
  if (disk_use(options_.path).database <= options_.max_size) return;
  const std::uint64_t room = options_.max_size - std::min(options_.max_size / 2, shares_.log + 2 * shares_.reserve);
  while (store_->pages().live() * kPageBytes > room) {
    if (!evict_for_room() || !commit(Due::housekeeping)) return;
  }
  // Names and indexes may be what does not fit: no rewriting makes them less.
  fit_again_at_ = now + kTidyAgainAfter;
  store_->checkpoint(sqlite::Checkpoint::restart);
  store_->shrink();
  store_->checkpoint(sqlite::Checkpoint::truncate);
}

void Queue::Impl::keep_reserve() {
  const std::uint64_t plenty = 8 * shares_.reserve;
  if (disk_use(options_.path).all() + plenty < options_.max_size && available(options_.path) > plenty) {
    hold_reserve(options_.path, shares_.reserve);
  }
}

}  // namespace fieldpost
