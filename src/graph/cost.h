// What a node costs to compute: floating-point operations by the ops' own counts, and bytes that pass through memory.
#pragma once

#include "graph/graph.h"
#include "graph/op.h"

namespace signxai::graph {

struct Cost {
  double flops = 0;  ///< a multiplication and an addition are two
  double bytes = 0;  ///< of what is read of the inputs, once, and of the result
  Cost& operator+=(const Cost& other);
};

/// Operations of a node with bound types: those of the op table, else one per element of the largest operand or result.
double flops_of(const Node& node, std::span<const Type> inputs);
/// Of one value; nothing for leaves and for what only reads memory another way (reshape, get).
Cost cost_of(const Graph& graph, Value value);
/// Of all nodes.
Cost cost_of(const Graph& graph);

}  // namespace signxai::graph
