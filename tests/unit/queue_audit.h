// What must be found after a power cut, and what is: a ledger of every reading held against the database.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "buffer/queue.h"

namespace fieldpost::unit {

using Identity = std::pair<std::uint64_t, std::uint64_t>;  // session, seq

/// What is known of a reading. Places are positions of the disk: a cut at or behind one comes after the event.
struct Fate {
  std::uint64_t number = 0;  // its value says it
  Lane lane = Lane::telemetry;
  std::size_t safe_from = SIZE_MAX;     // the queue had said so
  std::size_t settled_from = SIZE_MAX;  // Kafka had it, or refused it
  bool rejected = false;
  bool event = false;                // the queue's own: it tells what was evicted
  std::size_t told_from = SIZE_MAX;  // Kafka had an event that names it
};

using Ledger = std::map<Identity, Fate>;

/// A range of seqs in which those of the lane were given up.
struct Evicted {
  Lane lane = Lane::telemetry;
  std::uint64_t session = 0;
  SeqRange range;
};

/// What a queue hands out, and what its database says beside it.
struct Contents {
  Account before;
  Account after;
  std::map<Identity, std::string> waiting;  // and the value of each, as a text
  std::vector<std::string> disorder;        // within session and lane
  std::set<Identity> rejected;
  std::vector<Evicted> evicted;  // recorded, or told by a reading that waits
  std::string trouble;           // anything that a healthy database has not; empty: none
};

/// Opens the database, hands everything out and settles it.
Contents drain(const QueueOptions& options);

/// The place behind everything, where the queue was stopped in order: there the account is exact.
constexpr std::size_t the_end = SIZE_MAX - 1;

/// What is wrong with the contents, seen from the ledger, after a power cut at the position; empty: nothing. A reading
/// must be there once it was safe, unless it was settled, or its eviction recorded; what is there must be what was
/// appended.
std::vector<std::string> faults_in(const Contents& contents, const Ledger& ledger, std::size_t position);

/// The second reading of a poll; the first is its number.
std::string label(std::uint64_t number);

std::string name_of(const Identity& identity);

/// What an event of the queue tells.
std::vector<Evicted> ranges_of(const EventView& event);

/// Calls visit(identity, value) for each reading.
template <typename Visit>
void each_reading(const Batch& batch, Visit visit) {
  for (BatchReader reader(batch); reader.next();) {
    std::uint64_t seq = reader.first_seq();
    for (const ValueView& value : reader.values())
      visit(Identity{batch.session(), seq++}, value);
  }
}

/// Calls visit(identity) for each reading of the ledger that the range names.
template <typename Visit>
void each_evicted(const Evicted& evicted, const Ledger& ledger, Visit visit) {
  const auto end = ledger.upper_bound({evicted.session, evicted.range.last});
  for (auto i = ledger.lower_bound({evicted.session, evicted.range.first}); i != end; ++i) {
    if (i->second.lane == evicted.lane) visit(i->first);
  }
}

}  // namespace fieldpost::unit
