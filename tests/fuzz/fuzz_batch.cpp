// A stored batch: whatever stands on the disk is refused or reads back whole, and never more than it says.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "buffer/batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stored(reinterpret_cast<const char*>(data), size);
  // The checksum would stop nearly every input at the door: it is made right.
  fieldpost::wire::put_word(stored, static_cast<std::uint32_t>(crc32_z(0, data, size)));
  const auto batch = fieldpost::Batch::parse(stored);
  if (!batch) return 0;
  std::uint64_t readings = 0;
  fieldpost::BatchReader reader(*batch);
  while (reader.next())
    readings += reader.values().size();
  if (readings != batch->readings()) __builtin_trap();
  const auto again = fieldpost::Batch::parse(batch->stored());
  if (!again || again->ranges() != batch->ranges()) __builtin_trap();
  return 0;
}
