// A forwarder whose topics are blocked and freed at random, and what it may expect of the queue: every reading comes
// once, those of a device in their order, and the account says where they are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "buffer/queue.h"
#include "tests/unit/queue_audit.h"

namespace fieldpost::unit {

/// One thread. Each device has a topic of its own.
class QueueModel {
 public:
  QueueModel(QueueOptions options, std::uint64_t seed);
  ~QueueModel();

  void start();
  void stop();
  void append();
  /// Takes a batch of some part on loan.
  void claim();
  /// Gives the oldest loan back; a failure gives back all of them.
  void settle();
  void block_a_topic();
  void free_the_topics();
  void purge_what_is_old();
  /// Any of these.
  void step();
  /// Frees the topics and forwards until nothing waits.
  void drain();

  Queue& queue() { return *queue_; }
  /// What went wrong so far; empty: nothing.
  const std::vector<std::string>& faults() const { return faults_; }
  /// Nothing waits, and every reading was acknowledged, rejected or told of as evicted, once.
  void check_end();
  /// The account holds, and what is parked waits.
  void check_account();
  std::uint64_t most_parked() const { return most_parked_; }

 private:
  struct Reading {
    std::string device;
    Lane lane = Lane::telemetry;
    bool rejected = false;
    int ends = 0;  // how often it was acknowledged, or told of as evicted
  };
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(dice_); }
  std::vector<std::pair<Identity, std::string>> readings_of(const Batch& batch);
  void settle_as(const Claim& claim, bool fails);
  template <typename Visit>
  void each_evicted_reading(const Evicted& evicted, Visit visit) {
    for (auto i = readings_.lower_bound({evicted.session, evicted.range.first});
         i != readings_.end() && i->first <= Identity{evicted.session, evicted.range.last}; ++i) {
      if (i->second.lane == evicted.lane) visit(i->second);
    }
  }
  void acknowledged(const Claim& claim, const Identity& identity, const std::string& device);

  QueueOptions options_;
  std::mt19937_64 dice_;
  std::unique_ptr<Queue> queue_;
  std::vector<Claim> loans_;
  std::set<std::string> blocked_;
  std::map<Identity, Reading> readings_;
  std::map<std::uint64_t, std::uint64_t> ordinals_;  // of the sessions
  std::map<std::tuple<std::string, Lane, bool>, Identity>
      newest_;  // by device, lane, backlog; of the session's ordinal
  std::vector<Evicted> evicted_;
  std::vector<std::string> faults_;
  std::uint64_t most_parked_ = 0;
};

}  // namespace fieldpost::unit
