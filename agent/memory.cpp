#include "agent/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace fieldpost::memory {
namespace {

/// Its code was written to when it was loaded.
bool is_relocated(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const std::uintptr_t at = object.dlpi_addr + object.dlpi_phdr[i].p_vaddr;
    for (auto* entry = reinterpret_cast<const ElfW(Dyn)*>(at); entry->d_tag != DT_NULL;
         ++entry) {  // NOLINT(performance-no-int-to-ptr)
      if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
        return true;
    }
  }
  return false;
}

// Code and constants: nobody writes to them, so that they are in the file as they are in memory.
int forget(dl_phdr_info* object, std::size_t /*size*/, void* /*data*/) {
  if (is_relocated(*object)) return 0;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
  }
  return 0;
}

}  // namespace

void keep_little() {
  // A hundred links are a hundred threads; each arena of malloc's keeps what its busiest moment took, unless it gives
  // back what is free at its end. It keeps what every request to Kafka takes, and blocks of some 100 KB are not mapped
  // and unmapped one by one: either would cost a tenth of the CPU.
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 384 << 10);
  mallopt(M_TOP_PAD, 64 << 10);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

void give_back() {
  malloc_trim(0);
}

void forget_start() {
  dl_iterate_phdr(forget, nullptr);
}

}  // namespace fieldpost::memory
