// What all explainers of one model share besides its network: packed weights and folded constants. Thread safe.
#pragma once

#include "backends/packed_weights.h"
#include "base/memory_budget.h"
#include "explain/constant_cache.h"

namespace signxai::explain {

struct ModelCache {
  /// `limit` in bytes for what is kept here; 0: none.
  explicit ModelCache(std::int64_t limit = 0) : budget(limit) {}

  base::MemoryBudget budget;
  backends::PackedWeights weights{&budget};
  ConstantCache constants{&budget};
};

}  // namespace signxai::explain
