// Takes single readings out of a batch.
#pragma once

#include <cstddef>
#include <span>

#include "buffer/batch.h"

namespace fieldpost {

/// A batch of the readings at `kept` (ascending places in `batch`, at least one), with the seqs and times that they
/// had.
Batch part_of(const Batch& batch, std::span<const std::size_t> kept);

/// The seqs of the readings that are at none of these places, which ascend.
std::vector<SeqRange> seqs_without(const Batch& batch, std::span<const std::size_t> places);

}  // namespace fieldpost
