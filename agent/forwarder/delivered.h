// Readings that Kafka has although they still wait in the queue: when they are claimed they are not sent again. Pure.
#pragma once

#include <cstdint>
#include <map>

#include "buffer/seq_set.h"

namespace fieldpost {

class Delivered {
 public:
  void add(std::uint64_t session, SeqRange range) { sessions_[session].add(range); }
  bool has(std::uint64_t session, SeqRange range) const {
    const auto known = sessions_.find(session);
    return known != sessions_.end() && known->second.contains(range);
  }
  bool empty() const { return sessions_.empty(); }
  void clear() { sessions_.clear(); }
  const std::map<std::uint64_t, SeqSet>& sessions() const { return sessions_; }

 private:
  std::map<std::uint64_t, SeqSet> sessions_;
};

}  // namespace fieldpost
