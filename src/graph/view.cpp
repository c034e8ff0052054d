// Views by attributes and types.
#include "graph/view.h"

#include <algorithm>

#include "graph/ops/slicing.h"

namespace signxai::graph {
namespace {

bool keeps_all_but_the_last_axis(const Node& slice, const Shape& x) {
  const std::vector<SliceAxis> axes = slice_axes(slice.attrs, x);
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    if (axes[i].count != x[i]) return false;
  }
  return !axes.empty() && axes.back().stride == 1;
}

std::vector<ViewPart> parts_of(const Graph& graph, Value value) {
  return is_view(graph, value) ? view_parts(graph, value)
                               : std::vector<ViewPart>{{value, 0, graph.type(value).shape.back()}};
}

/// What [begin, begin + width) of those parts shows.
std::vector<ViewPart> cut(const std::vector<ViewPart>& parts, std::int64_t begin, std::int64_t width) {
  std::vector<ViewPart> cut;
  std::int64_t at = 0;
  for (const ViewPart& part : parts) {
    const std::int64_t from = std::max(begin, at), to = std::min(begin + width, at + part.width);
    if (from < to) cut.push_back({part.array, part.begin + from - at, to - from});
    at += part.width;
  }
  return cut;
}

}  // namespace

bool is_view(const Graph& graph, Value value) {
  const Node& node = graph[value];
  if (!node.type.is_bound() || node.type.is_tuple() || node.type.rank() == 0) return false;
  if (node.is("concat")) return node.attrs.integer("axis") == static_cast<std::int64_t>(node.type.rank()) - 1;
  return node.is("slice") && keeps_all_but_the_last_axis(node, graph.type(node.inputs[0]).shape);
}

std::vector<ViewPart> view_parts(const Graph& graph, Value view) {
  const Node& node = graph[view];
  if (node.is("slice")) {
    const SliceAxis last = slice_axes(node.attrs, graph.type(node.inputs[0]).shape).back();
    return cut(parts_of(graph, node.inputs[0]), last.begin, last.count);
  }
  std::vector<ViewPart> parts;
  for (const Value input : node.inputs) {
    const std::vector<ViewPart> own = parts_of(graph, input);
    parts.insert(parts.end(), own.begin(), own.end());
  }
  return parts;
}

}  // namespace signxai::graph
