// A queue under load on a disk that fails and loses its power; the ledger of its readings is kept as it goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "buffer/queue.h"
#include "tests/support/disk.h"
#include "tests/unit/queue_audit.h"

namespace fieldpost::unit {

/// One thread uses it; the queue brings its own.
class Load {
 public:
  /// `ledger`: what the database may hold already.
  Load(support::Disk& disk, QueueOptions options, std::uint64_t seed, Ledger ledger = {});
  ~Load();

  void open();
  /// In order; what it could not make safe.
  Unsafe stop();
  Queue& queue() { return *queue_; }

  /// So many polls of a pump, some of them in the alarm lane.
  void append(int polls);
  /// Waits until all that was appended is safe; whether it is.
  bool wait_safe(std::chrono::milliseconds at_most = std::chrono::seconds{20});
  /// Claims some batches and gives some back, with every outcome that there is.
  void forward();
  /// Claims and settles until nothing waits.
  void drain();
  /// append(), forward() and wait_safe() as the dice fall.
  void work(int rounds);

  const Ledger& ledger() const { return ledger_; }
  /// The ledger for another disk that goes on from a cut of this one.
  Ledger cut_at(std::size_t position) const;
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(dice_); }

 private:
  void settle(const Claim& claim, const Settlement& settlement);
  void learn(const Claim& claim);
  Settlement outcome(const Claim& claim);

  support::Disk& disk_;
  QueueOptions options_;
  std::mt19937_64 dice_;
  std::unique_ptr<Queue> queue_;
  std::vector<Claim> on_loan_;
  std::vector<Identity> unsafe_;
  std::map<Identity, std::vector<Evicted>> events_;
  std::uint64_t polls_ = 0;
  Ledger ledger_;
};

}  // namespace fieldpost::unit
