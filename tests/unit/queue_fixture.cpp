#include "tests/unit/queue_fixture.h"

#include <numeric>

#include "buffer/peek.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace fieldpost::unit {

SeqRange append(Queue& queue, std::int64_t value) {
  return queue.append(pump, system_clock.now(), std::vector<Value>{value, true});
}

SeqRange append_large(Queue& queue, std::int64_t value) {
  return queue.append(pump, system_clock.now(),
                      std::vector<Value>{value, std::string(2500, static_cast<char>('a' + value % 26))});
}

Seqs seqs_of(const Batch& batch) {
  Seqs seqs;
  for (const SeqRange& range : batch.ranges()) {
    for (std::uint64_t seq = range.first; seq <= range.last; ++seq)
      seqs.push_back(seq);
  }
  return seqs;
}

Seqs drain(Queue& queue) {
  Seqs all;
  while (const auto claim = queue.claim()) {
    const Seqs seqs = seqs_of(*claim->batch);
    all.insert(all.end(), seqs.begin(), seqs.end());
    queue.settle(*claim, {});
  }
  return all;
}

std::vector<std::size_t> all_places(const Batch& batch) {
  std::vector<std::size_t> places(batch.readings());
  std::iota(places.begin(), places.end(), 0);
  return places;
}

Seqs numbers(std::uint64_t first, std::uint64_t last) {
  Seqs all(last + 1 - first);
  std::iota(all.begin(), all.end(), first);
  return all;
}

void check_balance(const Account& account) {
  CHECK(account.read == account.delivered + account.waiting + account.rejected + account.evicted);
}

void wait_for_commit(std::uint64_t waiting, const std::string& path) {
  using namespace std::chrono_literals;
  REQUIRE(support::eventually(20s, [&] { return Peek(path).state().account.waiting() == waiting; }));
}

}  // namespace fieldpost::unit
