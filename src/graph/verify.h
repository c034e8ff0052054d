// The verifier: checks every invariant of a graph that the Builder establishes. It runs after each pass in debug builds
// and in tests; what it finds is a defect of the library, never the user's fault.
#pragma once

#include "graph/graph.h"

namespace signxai::graph {

/// Throws Error(kInternal, "verify", node) on the first broken invariant: inputs come before their node; the operation
/// is an entry of the op table and has its inputs and all its attributes, well typed; the stored type is the inferred
/// one; Graph::inputs() are the `input` nodes in order; outputs exist; regions fit their operands and hold as well.
void verify(const Graph& graph);

}  // namespace signxai::graph
