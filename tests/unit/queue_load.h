// A queue under load on a disk that fails and loses its power, and a ledger of every reading that says what must be
// found afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "buffer/queue.h"
#include "tests/support/disk.h"

namespace fieldpost::unit {

using Identity = std::pair<std::uint64_t, std::uint64_t>;  // session, seq

/// What is known of a reading. Places are positions of the disk: a cut at or behind one comes after the event.
struct Fate {
  std::uint64_t number = 0;  // its value says it
  Lane lane = Lane::telemetry;
  std::size_t safe_from = SIZE_MAX;     // the queue had said so
  std::size_t settled_from = SIZE_MAX;  // Kafka had it, or refused it
  bool rejected = false;
};

using Ledger = std::map<Identity, Fate>;

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
  Settlement outcome(const Claim& claim);

  support::Disk& disk_;
  QueueOptions options_;
  std::mt19937_64 dice_;
  std::unique_ptr<Queue> queue_;
  std::vector<Claim> on_loan_;
  std::vector<Identity> unsafe_;
  std::uint64_t polls_ = 0;
  Ledger ledger_;
};

/// What a queue hands out, and what its database says beside it.
struct Contents {
  Account before;
  Account after;
  std::map<Identity, std::string> waiting;  // and the value of each, as a text
  std::vector<std::string> disorder;        // within session and lane
  std::set<Identity> rejected;
  std::string trouble;  // anything that a healthy database has not; empty: none
};

/// Opens the database, hands everything out and settles it.
Contents drain(const QueueOptions& options);

/// The place behind everything, where the queue was stopped in order: there the account is exact.
constexpr std::size_t the_end = SIZE_MAX - 1;

/// What is wrong with the contents, seen from the ledger, after a power cut at the position; empty: nothing. A reading
/// must be there once it was safe, unless it was settled; what is there must be what was appended.
std::vector<std::string> faults_in(const Contents& contents, const Ledger& ledger, std::size_t position);

}  // namespace fieldpost::unit
