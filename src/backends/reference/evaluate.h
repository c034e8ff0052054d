// The reference backend: plain loops in double precision, the definition of what is right. Every other backend, and
// every graph before and after a pass, must agree with it. Safe for concurrent use.
#pragma once

#include <span>
#include <vector>

#include "graph/op.h"
#include "signxai/tensor.h"

namespace signxai::reference {

/// One array per graph output. Open extents of the graph are bound to the shapes of `inputs`. Throws
/// Error(kInvalidArgument) when their number or shapes do not fit.
std::vector<graph::Array> evaluate(const graph::Graph& graph, std::span<const graph::Array> inputs);
/// The same for float arrays; the results are rounded at the end. No output may be a tuple.
std::vector<Tensor> evaluate(const graph::Graph& graph, std::span<const Tensor> inputs);

graph::Array to_array(const TensorView& tensor);
Tensor to_tensor(const graph::Array& array);

}  // namespace signxai::reference
