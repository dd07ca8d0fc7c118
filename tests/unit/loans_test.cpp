#include "agent/forwarder/loans.h"

#include "tests/support/catch.h"

using namespace fieldpost;
using namespace std::chrono_literals;

namespace {

using Places = std::vector<std::size_t>;

const Window::Time start = Window::Time{} + 1h;

Loan loan_of(std::size_t readings, Window::Time departed = start) {
  std::vector<PointName> points(readings);
  for (std::size_t i = 0; i < readings; ++i)
    points[i].name = std::to_string(i);
  BatchBuilder builder(1, Lane::telemetry, 1);
  builder.add(Layout("s", "d", points), {}, 1, std::vector<Value>(readings, Value(true)));
  Claim claim;
  claim.batch = std::make_shared<const Batch>(builder.close());
  return {claim, departed, 0};
}

Places rejected(Loan& loan) {
  Places places;
  for (const Rejection& one : loan.settlement().rejected)
    places.push_back(one.reading);
  return places;
}

}  // namespace

TEST_CASE("what becomes of a message becomes of all its readings") {
  Loan loan = loan_of(10);
  loan.add(0, 3);
  loan.add(3, 1);
  loan.add(4, 4);
  loan.add(8, 2);
  CHECK(loan.outstanding() == 4);
  loan.release(8);
  loan.reject(4, "too large", "t");
  loan.release(0);
  loan.acknowledge(3);
  CHECK(loan.outstanding() == 0);
  CHECK(loan.settlement().released == Places{0, 1, 2, 8, 9});
  CHECK(rejected(loan) == Places{4, 5, 6, 7});
  CHECK(loan.settlement().rejected[2].reason == "too large");
  CHECK(loan.settlement().rejected[2].topic == "t");
}

TEST_CASE("what is not back is released, and so is what no message was made for") {
  Loan loan = loan_of(9);
  loan.add(0, 2);
  loan.add(2, 3);
  loan.add(5, 2);
  loan.acknowledge(2);
  loan.release_rest();
  CHECK(loan.outstanding() == 0);
  CHECK(loan.settlement().released == Places{0, 1, 5, 6, 7, 8});
}

TEST_CASE("messages that go out one after the other are told apart") {
  Loan loan = loan_of(4);
  loan.add(0, 2);
  loan.acknowledge(0);
  loan.add(2, 2);
  loan.reject(2, "invalid", "t");
  CHECK(loan.settlement().released.empty());
  CHECK(rejected(loan) == Places{2, 3});
}

TEST_CASE("loans keep their place, and a place is used again") {
  Loans loans;
  const std::size_t first = loans.add(loan_of(1, start + 2s));
  const std::size_t second = loans.add(loan_of(2, start + 1s));
  CHECK(loans.oldest() == start + 1s);
  for (const std::size_t reading : {std::size_t{77}, Loans::kMostReadings - 1}) {
    const Loans::Tag tag = Loans::tag(second, reading);
    CHECK(Loans::place(tag) == second);
    CHECK(Loans::reading(tag) == reading);
  }
  loans.take(first);
  CHECK(loans.places() == std::vector<std::size_t>{second});
  CHECK(loans.add(loan_of(3)) == first);
  loans.take(first);
  loans.take(second);
  CHECK(loans.empty());
  CHECK_FALSE(loans.oldest());
}
