#include "agent/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>

namespace fieldpost::memory {
namespace {

void* at(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): the loader tells of numbers
}

/// Its code was written to when it was loaded.
bool is_relocated(const dl_phdr_info& object, const ElfW(Phdr) & dynamic) {
  const auto* entry = static_cast<const ElfW(Dyn)*>(at(object.dlpi_addr + dynamic.p_vaddr));
  for (; entry->d_tag != DT_NULL; ++entry) {
    const bool flags = entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0;
    if (entry->d_tag == DT_TEXTREL || flags) return true;
  }
  return false;
}

// Code and constants: nobody writes to them, so that they are in the file as they are in memory.
int forget(dl_phdr_info* object, std::size_t /*size*/, void* /*data*/) {
  const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
  for (const auto& segment : segments) {
    if (segment.p_type == PT_DYNAMIC && is_relocated(*object, segment)) return 0;
  }
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const auto& segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(at(begin), end - begin, MADV_DONTNEED);
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
