// How many samples are computed together: what keeps the caches warm and every thread busy. When the memory is limited,
// what such a chunk needs is planned, and it shrinks until it fits, before anything of it is allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/memory_budget.h"
#include "graph/network.h"
#include "signxai/tensor.h"

namespace signxai::explain {

/// Bytes of the weights as they stand in the model.
std::uint64_t weight_bytes(const graph::Network& network);

/// Samples of these shapes, of `rows`, to compute together when memory is no matter: activations of about a gigabyte,
/// as many samples to every thread, and chunks of the same size, or nearly.
std::int64_t usual_chunk(const graph::Network& network, std::vector<Shape> shapes, std::int64_t rows);

/// Bytes of one chunk.
struct ChunkNeed {
  std::int64_t working = 0;  ///< activations and scratch
  std::int64_t data = 0;     ///< inputs, outputs and maps, and their copies
  std::int64_t total() const { return working + data; }
};

/// The largest chunk up to `wanted` that fits into what the budget leaves. `need` compiles for a chunk and says what it
/// needs; it may throw kOutOfMemory when constants of the chunk's shape are too many. `drop` forgets what it compiled
/// last. kOutOfMemory, with the numbers, when one sample does not fit.
std::int64_t fit_chunk(std::int64_t wanted, const base::MemoryBudget& budget,
                       const std::function<ChunkNeed(std::int64_t)>& need, const std::function<void()>& drop);

}  // namespace signxai::explain
