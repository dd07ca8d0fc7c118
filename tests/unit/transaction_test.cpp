#include "agent/forwarder/transaction.h"

#include "tests/support/catch.h"

using namespace fieldpost;
using namespace std::chrono_literals;

namespace {

constexpr auto kLinger = 1ms;
const Transaction::Time kBegan{1h};

Transaction filling() {
  Transaction transaction;
  transaction.phase = Transaction::Phase::filling;
  transaction.began = kBegan;
  transaction.readings = 20;
  return transaction;
}

}  // namespace

TEST_CASE("a transaction gathers what it begins with, until its checkpoint has named it") {
  Transaction transaction = filling();
  CHECK(transaction.gathers());
  transaction.told = 20;
  CHECK_FALSE(transaction.gathers());
  transaction.told = 0;
  transaction.phase = Transaction::Phase::closing;
  CHECK_FALSE(transaction.gathers());
}

TEST_CASE("a transaction is filled for twenty flights at most, and nobody turns meanwhile") {
  Transaction transaction = filling();
  CHECK(transaction.due(kBegan, kLinger, 600ms) == kBegan + kLinger);
  CHECK(transaction.due(kBegan + 2ms, kLinger, 600ms) == kBegan + 12s);
  CHECK(transaction.takes_more(kBegan + 11s, 600ms));
  CHECK_FALSE(transaction.takes_more(kBegan + 12s, 600ms));
  CHECK(transaction.due(kBegan + 13s, kLinger, 600ms) == kBegan + 13s);
  CHECK_FALSE(transaction.takes_more(kBegan + 100ms, 1ms));
  CHECK_FALSE(transaction.takes_more(kBegan + 100ms, 0us));  // not known
  transaction.readings = 300'000;
  CHECK_FALSE(transaction.takes_more(kBegan, 600ms));
}
