#include "buffer/histogram.h"

#include <cmath>

#include "tests/support/catch.h"

namespace fieldpost {
namespace {

bool near(double value, double expected) {
  return value >= expected / 1.25 && value <= expected * 1.25;
}

TEST_CASE("a histogram without values answers 0", "[histogram]") {
  CHECK(Histogram{}.quantile(0.99) == 0);
}

TEST_CASE("a quantile is within a quarter of the true one", "[histogram]") {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i)
    histogram.add(i / 1000.0);
  CHECK(near(histogram.quantile(0.01), 0.01));
  CHECK(near(histogram.quantile(0.5), 0.5));
  CHECK(near(histogram.quantile(0.99), 0.99));
  CHECK(near(histogram.quantile(1), 1));
}

TEST_CASE("every duration from a microsecond to 100 seconds has its bucket", "[histogram]") {
  for (int step = 0; step < 190; ++step) {
    const double seconds = 1e-6 * std::pow(1.1, step);
    Histogram histogram;
    histogram.add(seconds);
    INFO(seconds);
    CHECK(near(histogram.quantile(0.5), seconds));
  }
}

TEST_CASE("what lies outside counts as the nearest", "[histogram]") {
  Histogram histogram;
  histogram.add(-1);
  histogram.add(0);
  CHECK(histogram.quantile(1) < 2e-6);
  histogram.add(1e9);
  CHECK(histogram.quantile(1) > 100);
}

TEST_CASE("values are forgotten at the second ageing", "[histogram]") {
  Histogram histogram;
  histogram.add(5);
  histogram.age();
  histogram.add(0.001);
  CHECK(near(histogram.quantile(1), 5));
  histogram.age();
  CHECK(near(histogram.quantile(1), 0.001));
  histogram.age();
  CHECK(histogram.quantile(1) == 0);
}

}  // namespace
}  // namespace fieldpost
