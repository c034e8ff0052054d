// Runs a bound graph on the primitives' own double-precision kernels, one node after the other. Control operations run
// their regions with it, the reference backend whole graphs. Safe for concurrent use.
#pragma once

#include <span>
#include <vector>

#include "graph/op.h"

namespace signxai::graph {

/// One array per graph output. `inputs` holds one array of the right shape per graph input; they are not copied unless
/// they are outputs too. Intermediates are freed after their last use.
std::vector<Array> interpret(const Graph& graph, std::span<const Array* const> inputs);

}  // namespace signxai::graph
