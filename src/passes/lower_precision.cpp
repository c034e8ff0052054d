// Pass, on demand only: lets wide convolutions round their operands to bfloat16, for which hardware has twice the
// speed, or use Winograd's algorithm, which has fewer multiplications and other roundings. Sums stay in single
// precision; so do narrow and grouped convolutions, where converting costs what it saves, and dense layers, which are
// bound by memory. Does not keep relevance to the last bits: docs/performance.md says how far maps move.
#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

constexpr std::int64_t kWide = 16;  // channels on both sides

bool is_wide(const Graph& graph, const graph::Node& node) {
  if (!node.is("conv") && !node.is("conv_backward_data")) return false;
  const Shape& kernel = graph.type(node.inputs[1]).shape;
  return node.attrs.integer("groups") == 1 && kernel.back() >= kWide && kernel[kernel.size() - 2] >= kWide &&
         graph.literal(node.inputs[1]) != nullptr;
}

}  // namespace

Graph lower_precision(const Graph& graph, const Context& context) {
  if (context.precision == "f32") return graph;
  return graph::rewrite(graph,
                        [&](graph::Builder& b, graph::Value old, const std::vector<graph::Value>& in) -> graph::Value {
                          if (!is_wide(graph, graph[old])) return {};
                          graph::Node node = graph[old];
                          node.attrs.set("precision", context.precision);
                          return b.remake(node, in);
                        });
}

}  // namespace signxai::passes
