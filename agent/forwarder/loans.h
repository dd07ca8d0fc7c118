// The batches that are on their way to Kafka, and what has become of each of their messages so far. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/forwarder/routes.h"
#include "buffer/queue.h"

namespace fieldpost {

/// A batch on loan. A message covers one reading or several consecutive ones and is named by its first.
class Loan {
 public:
  using Time = Flight::Time;

  Loan(Claim claim, Time departed);

  /// A message is made of the next readings.
  void add(std::size_t first, std::size_t readings, Routes::Number route);
  /// It is handed over to librdkafka, which will say what became of it.
  void send(std::size_t first) {
    messages_[first].handed_over = true;
    ++handed_over_;
  }

  /// What became of a message; each is told once.
  void acknowledge(std::size_t first);
  void release(std::size_t first);
  void park(std::size_t first);
  void reject(std::size_t first, const std::string& reason, const std::string& topic);
  /// librdkafka has given it back.
  void back(std::size_t first) {
    messages_[first].handed_over = false;
    --handed_over_;
  }

  /// Releases the messages that nothing is known of, and the readings that no message has been made for.
  void release_rest();
  /// Releases what was acknowledged in a transaction that is given up.
  void revoke();

  /// Messages that nothing is known of.
  std::size_t outstanding() const { return outstanding_; }
  /// Messages that librdkafka has.
  std::size_t handed_over() const { return handed_over_; }
  bool has_parked() const { return !settlement_.parked.empty(); }
  /// Nothing of a message is known yet.
  bool is_out(std::size_t first) const { return messages_[first].fate == Fate::unknown; }
  Routes::Number route(std::size_t first) const { return messages_[first].route; }
  /// Calls visit(first, handed_over) for every message of a route of which nothing is known.
  template <typename Visit>
  void each_out(Routes::Number route, Visit visit) const {
    for (std::size_t first = 0; first < end_; ++first) {
      const Sent& message = messages_[first];
      if (message.readings > 0 && message.fate == Fate::unknown && message.route == route) {
        visit(first, message.handed_over);
      }
    }
  }
  /// Calls visit(seqs) for what Kafka has, or is about to.
  template <typename Visit>
  void each_delivered(Visit visit) const {
    const bool all = settlement_.released.empty() && settlement_.parked.empty() && settlement_.rejected.empty();
    if (all && end_ == messages_.size()) {
      for (const SeqRange& range : claim_.batch->ranges())
        visit(range);
      return;
    }
    for (std::size_t first = 0; first < end_; ++first) {
      if (messages_[first].readings > 0 && messages_[first].fate != Fate::other) visit(seqs(first));
    }
  }
  /// The seqs of a message.
  SeqRange seqs(std::size_t first) const;

  const Claim& claim() const { return claim_; }
  Time departed() const { return departed_; }
  /// Ascending, as the queue wants it.
  const Settlement& settlement();

 private:
  enum class Fate : std::uint8_t { unknown, acknowledged, other };
  struct Sent {
    std::uint32_t readings = 0;  // 0: no message begins here
    Routes::Number route = 0;
    Fate fate = Fate::unknown;
    bool handed_over = false;
  };

  std::size_t end_of(std::size_t first, Fate fate);

  Claim claim_;
  Time departed_;
  std::size_t outstanding_ = 0;
  std::size_t handed_over_ = 0;
  std::size_t end_ = 0;         // of the readings that messages have been made for
  std::vector<Sent> messages_;  // by first reading
  Settlement settlement_;       // in the order of coming back
};

class Loans {
 public:
  /// Names a message: the loan's place and the message's first reading, as a pointer that librdkafka keeps. The last
  /// place is never given to a loan: its tags are the sender's own. Where a pointer has 64 bits there are more places
  /// than librdkafka takes messages; with 32 bits a partition that takes nothing may use up all of them.
  using Tag = std::uintptr_t;
  static constexpr std::size_t kMost = (sizeof(Tag) > 4 ? std::size_t{1} << 20 : std::size_t{1} << 11) - 1;
  static constexpr std::size_t kMostReadings = 1 << 20;

  bool full() const { return used_ == kMost; }
  /// None is to be settled.
  bool empty() const { return open_.empty(); }

  /// The loan's place.
  std::size_t add(Loan loan);
  Loan& at(std::size_t place) { return places_[place]->loan; }
  /// It is settled; it goes when librdkafka has none of its messages any more: see tidy().
  void settle(std::size_t place);
  void tidy(std::size_t place);
  void clear();

  static Tag tag(std::size_t place, std::size_t reading) { return place << 20 | reading; }
  static std::size_t place(Tag tag) { return tag >> 20; }
  static std::size_t reading(Tag tag) { return tag & (kMostReadings - 1); }

  /// Of those to be settled.
  std::vector<std::size_t> places() const { return {open_.begin(), open_.end()}; }
  /// When the one departed that has been on its way for longest.
  std::optional<Loan::Time> oldest() const;

 private:
  struct Place {
    Loan loan;
    bool settled = false;
  };

  std::vector<std::optional<Place>> places_;
  std::vector<std::size_t> free_;
  std::size_t used_ = 0;
  std::set<std::size_t> open_;  // places to be settled: others may be many, of a partition that takes nothing
};

}  // namespace fieldpost
