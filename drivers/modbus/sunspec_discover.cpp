#include <array>

#include "drivers/modbus/line.h"
#include "drivers/modbus/sunspec.h"

namespace fieldpost::drivers::modbus::sunspec {
namespace {

constexpr std::array<std::uint16_t, 3> bases{40'000, 50'000, 0};
constexpr std::array<std::uint16_t, 2> marker{0x5375, 0x6e53};  // "SunS"
constexpr std::uint16_t end_of_chain = 0xffff;
constexpr std::size_t registers = 65'536;
constexpr std::size_t most_models = 256;

std::string place(std::size_t address) {
  return "holding:" + std::to_string(address);
}

/// A step's end: where the chain goes on, or why it does not.
struct Walked {
  Chain chain;
  std::optional<Model> end;  // as it says so itself
  std::string broken;        // the rest of the chain cannot be had
  std::string failed;        // the device stopped to answer
};

/// Where the chain begins, behind the marker.
std::optional<std::uint16_t> find_marker(const Read& read, std::string& error) {
  for (const std::uint16_t base : bases) {
    std::array<std::uint16_t, 2> words{};
    const Outcome outcome = read(base, words);
    if (!spoke(outcome)) {
      error = reason(outcome);
      return std::nullopt;
    }
    if (outcome.kind == Outcome::Kind::answered && words == marker) return static_cast<std::uint16_t>(base + 2);
  }
  error = "no SunSpec marker at holding:40000, 50000 or 0: is this the right unit, and SunSpec enabled?";
  return std::nullopt;
}

Walked walk(const Read& read, std::size_t at) {
  Walked walked;
  for (;;) {
    std::array<std::uint16_t, 2> header{};
    if (at + header.size() > registers) {
      walked.broken = "the chain of SunSpec models has no end: it runs over the last register";
      return walked;
    }
    const Outcome outcome = read(static_cast<std::uint16_t>(at), header);
    if (!spoke(outcome)) {
      walked.failed = reason(outcome);
      return walked;
    }
    if (outcome.kind != Outcome::Kind::answered) {
      walked.broken = "the chain of SunSpec models breaks off at " + place(at) + ": " + reason(outcome);
      return walked;
    }
    const auto [id, length] = header;
    if (id == end_of_chain) {
      walked.end = {id, static_cast<std::uint16_t>(at + header.size()), length};
      return walked;
    }
    const std::string model = "the SunSpec model " + std::to_string(id) + " at " + place(at);
    if (id == 0 || length == 0) {
      walked.broken = id == 0 ? "the chain of SunSpec models breaks off at " + place(at) + ": there is no model"
                              : model + " has the length 0: what comes behind it is left out";
      return walked;
    }
    const std::size_t first = at + header.size();
    if (first + length > registers) {
      walked.broken = model + " runs over the last register: it is left out";
      return walked;
    }
    if (walked.chain.size() == most_models) {
      walked.broken =
          "the chain of SunSpec models has more than " + std::to_string(most_models) + ": the rest is left out";
      return walked;
    }
    walked.chain.push_back({id, static_cast<std::uint16_t>(first), length});
    at = first + length;
  }
}

/// The header of each model, the counts of its blocks, and that nothing follows the last.
std::vector<Guard> guards(const Walked& walked, const Registers& counts) {
  std::vector<Guard> all;
  const auto guard = [&](const Model& model, std::size_t address, std::vector<std::uint16_t> words) {
    all.push_back({static_cast<std::uint16_t>(address), std::move(words), model.first,
                   static_cast<std::uint16_t>(model.first + model.length - 1)});
  };
  for (const Model& model : walked.chain) {
    guard(model, model.first - 2U, {model.id, model.length});
    const std::size_t end = std::size_t{model.first} + model.length;
    for (auto count = counts.lower_bound(model.first); count != counts.end() && count->first < end; ++count)
      guard(model, count->first, {count->second});
  }
  if (walked.end && !walked.chain.empty())
    guard(walked.chain.back(), walked.end->first - 2U, {walked.end->id, walked.end->length});
  return all;
}

}  // namespace

Discovery discover(const Read& read) {
  Discovery found;
  const std::optional<std::uint16_t> first = find_marker(read, found.error);
  if (!first) return found;
  Walked walked = walk(read, *first);
  found.error = walked.failed;
  if (!found.error.empty()) return found;
  Registers counts;
  for (const std::uint16_t address : count_registers(walked.chain)) {
    std::array<std::uint16_t, 1> count{};
    const Outcome outcome = read(address, count);
    if (!spoke(outcome)) {
      found.error = reason(outcome);
      return found;
    }
    if (outcome.kind == Outcome::Kind::answered) counts[address] = count.front();
  }
  found.points = points(walked.chain, counts);
  found.guards = guards(walked, counts);
  found.notes = unknown_models(walked.chain);
  if (!walked.broken.empty()) found.notes.push_back(walked.broken);
  if (found.points.empty()) {
    found.error = found.notes.empty() ? "the chain of SunSpec models is empty" : found.notes.front();
  }
  return found;
}

Discovery discover(Line& line, int unit) {
  Discovery found = discover([&](std::uint16_t address, std::span<std::uint16_t> into) {
    return line.read(unit, {config::Table::holding, address, static_cast<std::uint16_t>(into.size())}, into);
  });
  if (!found.error.empty() && !line.error().empty()) found.error = line.error();
  return found;
}

}  // namespace fieldpost::drivers::modbus::sunspec
