// What arrived on the ground, held against what the equipment sent and what the agent's account says. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "buffer/queue.h"

namespace fieldpost::demo {

/// One record of the topic.
struct Arrived {
  std::uint64_t session = 0;
  std::uint64_t seq = 0;
  std::string device;
  std::string point;
  std::optional<std::uint64_t> number;  // where the value is a whole number
  bool backfill = false;
};

/// From the `id` header, AGENT/SESSION/SEQ, and the record's JSON. Nothing: that is no record of an agent.
std::optional<Arrived> parse_record(const std::string& id, const std::string& json, bool backfill);

/// What the equipment knows: the last running number of each device that must be on the ground, all from 1 on.
struct Sent {
  std::map<std::string, std::uint64_t> polls;     // answered Modbus polls, by pump (point "polls")
  std::map<std::string, std::uint64_t> messages;  // acknowledged MQTT messages, by meter (point "number")
};

struct Verdict {
  std::uint64_t records = 0;
  std::uint64_t distinct = 0;  // by (session, seq)
  std::uint64_t backfilled = 0;
  std::vector<SeqRange> missing;  // seqs that neither arrived nor wait
  std::uint64_t polls = 0;
  std::uint64_t polls_missing = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_missing = 0;
  Account account;
  std::vector<std::string> failures;  // in words; empty: nothing is missing

  std::uint64_t duplicates() const { return records - distinct; }
};

/// `account`: the agent's own, after its end, of a database that saw this one session only.
Verdict judge(const std::vector<Arrived>& arrived, const Sent& sent, const Account& account);

std::string to_json(const Verdict& verdict);
/// Lines for a person.
std::string to_string(const Verdict& verdict);

}  // namespace fieldpost::demo
