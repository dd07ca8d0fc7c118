// Salvages a damaged database and holds what comes out against the truth.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "buffer/salvage.h"
#include "tests/unit/salvage_scene.h"

namespace fieldpost::unit {

struct Found {
  std::set<std::int64_t> ids;
  std::uint64_t readings = 0;
  std::size_t rejected = 0;
  std::vector<std::string> wrong;  // what came and should not
  std::vector<EvictedRange> lost;
  std::optional<StoredAccount> account;
  std::vector<StoredSession> sessions;
};

Found salvage(const SalvageScene& scene, const std::string& path);

std::uint64_t lost_readings(const Found& found);
bool same(const StoredAccount& a, const StoredAccount& b);
/// The rows that stand on one of the pages at least.
std::set<std::int64_t> rows_on(const SalvageScene& scene, const std::set<pages::Number>& damaged);

/// Every row that stands on none of the pages came, and nothing wrong.
void check_rows(const SalvageScene& scene, const Found& found, const std::set<pages::Number>& damaged);
/// The rest is told of by seq, as many readings as are missing.
void check_account(const SalvageScene& scene, const Found& found);

}  // namespace fieldpost::unit
