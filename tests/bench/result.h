// One line of the benchmarks: what was measured, and a raw baseline measured beside it in the same run.
#pragma once

#include <string>
#include <vector>

namespace fieldpost::bench {

struct Result {
  std::string name;
  double figure = 0;
  std::string unit;
  double baseline = 0;
  std::string baseline_is;  // what the baseline does
};

using Results = std::vector<Result>;

/// "NAME: figure unit, baseline figure unit, ratio".
std::string line(const Result& result);

/// A JSON array of all.
std::string to_json(const Results& results);

/// The value that the share q (0 to 1) of the samples does not exceed; there must be some.
double quantile(std::vector<double> samples, double q);

double median(std::vector<double> samples);

}  // namespace fieldpost::bench
