#include "tests/bench/result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace fieldpost::bench {
namespace {

/// Three digits that mean something, and no exponent.
std::string digits(double value) {
  std::array<char, 48> text{};
  const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

}  // namespace

std::string line(const Result& result) {
  const std::string ratio = result.baseline > 0 ? digits(result.figure / result.baseline) : "none";
  return result.name + ": " + digits(result.figure) + " " + result.unit + ", baseline " + digits(result.baseline) +
         " " + result.unit + " (" + result.baseline_is + "), ratio " + ratio;
}

std::string to_json(const Results& results) {
  auto array = nlohmann::ordered_json::array();
  for (const Result& result : results) {
    nlohmann::ordered_json object{
        {"case", result.name},         {"figure", result.figure},           {"unit", result.unit},
        {"baseline", result.baseline}, {"baseline_is", result.baseline_is}, {"ratio", nullptr}};
    if (result.baseline > 0) object["ratio"] = result.figure / result.baseline;
    array.push_back(std::move(object));
  }
  return array.dump(2);
}

double quantile(std::vector<double> samples, double q) {
  if (samples.empty()) throw std::runtime_error("no samples");
  const auto last = static_cast<double>(samples.size() - 1);
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::ceil(q * last));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

double median(std::vector<double> samples) {
  return quantile(std::move(samples), 0.5);
}

}  // namespace fieldpost::bench
