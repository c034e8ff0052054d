// What all explainers of one model share besides its network: packed weights and folded constants. Thread safe.
#pragma once

#include "backends/packed_weights.h"
#include "explain/constant_cache.h"

namespace signxai::explain {

struct ModelCache {
  backends::PackedWeights weights;
  ConstantCache constants;
};

}  // namespace signxai::explain
