// Binding of open extents: the step from "any batch, any height" to one compiled shape.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace signxai::graph {

/// Throws Error(kInvalidArgument, "bind") unless `shapes` holds one bound shape per graph input that agrees with it.
void check_inputs(const Graph& graph, const std::vector<Shape>& shapes);

/// The same graph with its inputs given those shapes and every type inferred again; nodes are kept, dead ones too.
/// Regions follow their operands. Throws Error(kInvalidArgument) when a shape does not fit.
Graph bind_inputs(const Graph& graph, const std::vector<Shape>& shapes);

}  // namespace signxai::graph
