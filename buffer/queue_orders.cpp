// What an operator asks of the writer: to purge, and to try rejected readings again.
#include <algorithm>
#include <limits>

#include "buffer/queue_impl.h"

namespace fieldpost {

void Queue::Impl::obey() {
  for (;;) {
    std::shared_ptr<Order> order;
    {
      const Lock lock(mutex_);
      if (orders_.empty()) return;
      order = orders_.front();
      orders_.pop_front();
    }
    std::optional<Purged> result;
    if (store_ || open_store()) {
      try {
        result = order->purge ? purge_now(*order->purge) : retry_now();
      } catch (const sqlite::Error& error) {
        forget_store(error);
      }
    }
    const Lock lock(mutex_);
    order->result = result;
    order->done = true;
    obeyed_.notify_all();
  }
}

// In steps that are small transactions. What comes in meanwhile stays.
std::optional<Purged> Queue::Impl::purge_now(const PurgeOrder& order) {
  Purged gone;
  const auto add = [&gone](const Purged& step) {
    gone.readings += step.readings;
    gone.batches += step.batches;
  };
  if (order.rejected) {
    for (;;) {
      const Purged step = evict_rejected("purge", order, shares_.eviction);
      if (step.readings == 0) return gone;
      add(step);
      if (!commit(Due::housekeeping)) return std::nullopt;
    }
  }
  const auto wanted = [&order](const Batch& batch) { return !order.before || batch.last().wall < *order.before; };
  const std::int64_t up_to = store_->last_rows().batch;
  for (const Lane lane : {Lane::alarm, Lane::telemetry}) {
    if (order.lane && *order.lane != lane) continue;
    {
      const Lock lock(mutex_);
      tail(lane).close_open();
    }
    for (bool more = true; more;) {
      Purged step;
      more = evict(lane, "purge", wanted, {.up_to = up_to, .bytes = shares_.eviction}, step);
      add(step);
      if (step.batches > 0 && !commit(Due::housekeeping)) return std::nullopt;
    }
  }
  return gone;
}

// They keep their seqs, and wait behind all others.
std::optional<Purged> Queue::Impl::retry_now() {
  Purged back;
  for (std::int64_t after = 0;;) {
    std::uint64_t bytes = 0;
    bool more = true;
    while (more && bytes < shares_.log / 4) {
      std::optional<StoredRejection> row = store_->rows().next_rejected(after);
      more = row.has_value();
      if (!row || !row->batch) {
        if (row) after = row->id;
        continue;
      }
      after = row->id;
      const Lock lock(mutex_);
      if (std::find(erase_rejected_.begin(), erase_rejected_.end(), row->id) != erase_rejected_.end()) continue;
      Tail& lane_tail = tail(row->batch->lane());
      lane_tail.close_open();
      lane_tail.add(*row->batch, Stand::unparked);
      mark_unsafe(*row->batch);
      memory_ += row->batch->bytes();
      bytes += row->bytes;
      take_rejected(row->id);
      ++waiting_[static_cast<std::size_t>(row->batch->lane())];
      ++back.readings;
      ++back.batches;
    }
    if (bytes > 0 && !commit(Due::safety)) return std::nullopt;
    if (!more) break;
  }
  if (wake && back.readings > 0) wake();
  return back;
}

}  // namespace fieldpost
