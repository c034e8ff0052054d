// Views: values that show other arrays along the last axis, a slice of one or several joined. A sweep reads what they
// show where it lies.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace signxai::graph {

/// Elements [begin, begin + width) of the last axis of `array`.
struct ViewPart {
  Value array;
  std::int64_t begin, width;
};

/// Whether the node, of bound type, moves elements along the last axis alone: a concat there, or a slice without gaps.
bool is_view(const Graph& graph, Value value);
/// What a view shows, in its order; views of views are seen through.
std::vector<ViewPart> view_parts(const Graph& graph, Value view);

}  // namespace signxai::graph
