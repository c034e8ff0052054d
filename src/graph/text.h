// The text form of a graph: what `inspect` prints, what tests compare, and what can be pasted back to reproduce a case.
// The grammar stands in docs/graph.md. Printing loses nothing but the numbers of large constants, which are named.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace signxai::graph {

/// One node per line in topological order, then the outputs. Attributes that equal their fallback are left out.
std::string to_text(const Graph& graph);

/// Finds a constant by what stands behind "@": the name of a weight, or "#" and the content hash of a large constant
/// that has none. The result must have that shape; nothing: there is no such constant.
using Resolver = std::function<std::optional<Literal>(std::string_view name, const Shape& shape)>;

/// Inverse of to_text: to_text(from_text(t, r)) == t for every t that to_text made, and the graphs are equal where the
/// resolver gives back the same constants. Hand-written text may use words as labels (%hidden), leave out types that
/// can be inferred, and hold blank and comment lines. Throws Error(kInvalidArgument, "text", "line N") with what was
/// expected there.
Graph from_text(std::string_view text, const Resolver& resolver = {});

/// Resolves to the constants of a graph and of its regions.
Resolver constants_of(const Graph& graph);

}  // namespace signxai::graph
