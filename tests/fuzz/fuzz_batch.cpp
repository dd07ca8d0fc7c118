// A stored batch: whatever stands on the disk is refused or reads back whole, and never more than it says.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "buffer/batch.h"

namespace {

using fieldpost::Layout;

const std::vector<Layout> kNames{Layout("a", "p", {{"x", "V"}, {"y", ""}}), Layout("b", "q", {{"z", ""}})};

std::optional<Layout> names(std::uint64_t number) {
  if (number >= kNames.size()) return std::nullopt;
  return kNames[number];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stored(reinterpret_cast<const char*>(data), size);
  // The checksum would stop nearly every input at the door: it is made right.
  fieldpost::wire::put_word(stored, static_cast<std::uint32_t>(crc32_z(0, data, size)));
  const auto batch = fieldpost::Batch::parse(stored, names);
  if (!batch) return 0;
  std::uint64_t readings = 0;
  fieldpost::BatchReader reader(*batch);
  while (reader.next())
    readings += reader.values().size();
  if (readings != batch->readings()) __builtin_trap();
  // What was read is written in the newest version, whatever the version that it came in.
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < batch->layouts().size(); ++i)
    numbers.push_back(i);
  const auto again = fieldpost::Batch::parse(
      batch->stored(numbers), [&](std::uint64_t number) { return std::optional(batch->layouts()[number]); });
  if (!again || again->ranges() != batch->ranges() || again->groups() != batch->groups()) __builtin_trap();
  return 0;
}
