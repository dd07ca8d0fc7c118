#include "tests/unit/salvage_check.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace fieldpost::unit {
namespace {

using pages::Number;

const std::vector<std::string> nothing;
const std::vector<std::int64_t> no_ids;

/// What is missing and is not told of.
std::vector<std::string> untold(const SalvageScene& scene, const Found& found) {
  std::vector<std::string> untold;
  for (const auto& [id, row] : scene.waiting()) {
    if (found.ids.contains(id)) continue;
    for (const SeqRange& range : row.ranges) {
      const bool told =
          std::any_of(found.lost.begin(), found.lost.end(), [&, session = row.session](const EvictedRange& lost) {
            return lost.session == session && lost.range.first <= range.first && lost.range.last >= range.last;
          });
      if (!told) {
        untold.push_back("session " + std::to_string(row.session) + " seq " + std::to_string(range.first) + " to " +
                         std::to_string(range.last) + " of row " + std::to_string(id));
      }
    }
  }
  return untold;
}

}  // namespace

Found salvage(const SalvageScene& scene, const std::string& path) {
  Found found;
  Salvage salvage(path);
  std::int64_t before = 0;
  while (const auto row = salvage.next()) {
    const auto known = scene.waiting().find(row->id);
    const std::string name = "row " + std::to_string(row->id);
    if (row->id <= before) found.wrong.push_back(name + " out of order");
    if (known == scene.waiting().end()) {
      found.wrong.push_back(name + " was deleted, or never there");
    } else if (text_of(*row->batch) != known->second.text) {
      found.wrong.push_back(name + " says something else");
    }
    before = row->id;
    found.ids.insert(row->id);
    found.readings += row->readings;
  }
  while (const auto row = salvage.next_rejected()) {
    const auto known = scene.rejected().find(row->id);
    if (known == scene.rejected().end() || text_of(*row->batch) != known->second || row->reason != "too large") {
      found.wrong.push_back("rejected " + std::to_string(row->id));
    }
    ++found.rejected;
  }
  while (salvage.next_evicted()) {
  }
  found.lost = salvage.lost();
  found.account = salvage.account();
  found.sessions = salvage.sessions();
  return found;
}

std::set<std::int64_t> rows_on(const SalvageScene& scene, const std::set<Number>& damaged) {
  std::set<std::int64_t> rows;
  for (const auto& [id, row] : scene.waiting()) {
    if (std::any_of(row.pages.begin(), row.pages.end(), [&](Number page) { return damaged.contains(page); })) {
      rows.insert(id);
    }
  }
  return rows;
}

std::uint64_t lost_readings(const Found& found) {
  std::uint64_t readings = 0;
  for (const EvictedRange& lost : found.lost)
    readings += lost.readings;
  return readings;
}

void check_rows(const SalvageScene& scene, const Found& found, const std::set<Number>& damaged) {
  CHECK(found.wrong == nothing);
  const std::set<std::int64_t> hit = rows_on(scene, damaged);
  std::vector<std::int64_t> missing;
  for (const auto& [id, row] : scene.waiting()) {
    if (!hit.contains(id) && !found.ids.contains(id)) missing.push_back(id);
  }
  CHECK(missing == no_ids);
}

void check_account(const SalvageScene& scene, const Found& found) {
  CHECK(untold(scene, found) == nothing);
  CHECK(found.readings + lost_readings(found) == scene.account().waiting());
}

bool same(const StoredAccount& a, const StoredAccount& b) {
  return a.delivered == b.delivered && a.rejected == b.rejected && a.evicted == b.evicted &&
         a.waiting_alarm == b.waiting_alarm && a.waiting_telemetry == b.waiting_telemetry &&
         a.waiting_bytes == b.waiting_bytes;
}

}  // namespace fieldpost::unit
