// Einstein sums of two operands as transposes, reshapes and one matrix product: what the dense layers and the products
// inside attention layers consist of. Part of the layer importers.
#pragma once

#include <string>

#include "graph/builder.h"

namespace signxai::keras {

/// "abc,cd->abd" in three parts. Each letter names an axis.
struct Equation {
  std::string left, right, out;
};

/// Reads "left,right->out", letters only. Throws std::invalid_argument that says what is wrong, also where a letter
/// stands twice in one part, or in the result alone.
Equation parse_equation(const std::string& text);

/// The sum over all axes that the result has not. Open extents stay open where they are axes of their own and are not
/// merged with others; otherwise throws Error(kInvalidArgument, "graph"), as for operands that do not fit.
graph::Value einsum(graph::Builder& builder, const Equation& equation, graph::Value left, graph::Value right);

}  // namespace signxai::keras
