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
  return {claim, departed};
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
  loan.add(0, 3, 0);
  loan.add(3, 1, 0);
  loan.add(4, 4, 0);
  loan.add(8, 2, 0);
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
  loan.add(0, 2, 0);
  loan.add(2, 3, 0);
  loan.add(5, 2, 0);
  loan.acknowledge(2);
  loan.release_rest();
  CHECK(loan.outstanding() == 0);
  CHECK(loan.settlement().released == Places{0, 1, 5, 6, 7, 8});
}

TEST_CASE("messages that go out one after the other are told apart") {
  Loan loan = loan_of(4);
  loan.add(0, 2, 0);
  loan.acknowledge(0);
  loan.add(2, 2, 0);
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
  loans.settle(first);
  CHECK(loans.places() == std::vector<std::size_t>{second});
  CHECK(loans.add(loan_of(3)) == first);
  loans.settle(first);
  loans.settle(second);
  CHECK(loans.empty());
  CHECK_FALSE(loans.oldest());
}

TEST_CASE("what was acknowledged in a transaction that is given up is released, and nothing else") {
  Loan loan = loan_of(6);
  loan.add(0, 2, 0);
  loan.add(2, 1, 0);
  loan.add(3, 1, 0);
  loan.add(4, 2, 0);
  loan.acknowledge(0);
  loan.reject(2, "too large", "t");
  loan.park(3);
  loan.acknowledge(4);
  loan.revoke();
  CHECK(loan.outstanding() == 0);
  CHECK(loan.settlement().released == Places{0, 1, 4, 5});
  CHECK(loan.settlement().parked == Places{3});
  CHECK(rejected(loan) == Places{2});
}

TEST_CASE("a loan that is settled keeps its place until librdkafka has given back all its messages") {
  Loans loans;
  const std::size_t place = loans.add(loan_of(2));
  Loan& loan = loans.at(place);
  loan.add(0, 1, 7);
  loan.add(1, 1, 8);
  loan.send(0);
  loan.send(1);
  loan.back(0);
  loan.acknowledge(0);
  std::vector<std::size_t> out;
  loan.each_out(8, [&out](std::size_t first, bool handed_over) {
    if (handed_over) out.push_back(first);
  });
  CHECK(out == Places{1});
  loan.park(1);
  loans.settle(place);
  CHECK(loans.empty());
  CHECK(loans.add(loan_of(1)) != place);
  loans.at(place).back(1);
  loans.tidy(place);
  CHECK(loans.add(loan_of(1)) == place);
}

TEST_CASE("a message's seqs are those of its readings, across what is missing between") {
  BatchBuilder builder(1, Lane::telemetry, 1);
  const Layout layout("s", "d", {{"a", ""}, {"b", ""}});
  builder.add(layout, {}, 11, std::vector<Value>{true, false});
  builder.add(layout, {}, 21, std::vector<Value>{true, false});
  Claim claim;
  claim.batch = std::make_shared<const Batch>(builder.close());
  Loan loan(claim, start);
  loan.add(0, 2, 0);
  loan.add(2, 1, 0);
  loan.add(3, 1, 0);
  CHECK(loan.seqs(0) == SeqRange{11, 12});
  CHECK(loan.seqs(2) == SeqRange{21, 21});
  CHECK(loan.seqs(3) == SeqRange{22, 22});
}

TEST_CASE("what Kafka has of a batch is all of it, or what was not released, parked or rejected") {
  Loan loan = loan_of(4);
  for (std::size_t reading = 0; reading < 4; ++reading)
    loan.add(reading, 1, 0);
  const auto delivered = [&loan] {
    std::vector<SeqRange> ranges;
    loan.each_delivered([&ranges](SeqRange range) { ranges.push_back(range); });
    return ranges;
  };
  CHECK(delivered() == std::vector<SeqRange>{{1, 4}});
  loan.park(1);
  CHECK(delivered() == std::vector<SeqRange>{{1, 1}, {3, 3}, {4, 4}});
}
