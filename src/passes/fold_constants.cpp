// Pass: computes once what depends on weights alone: W+, W * W, the denominators of WSquare and Flat.
// Broadcasts below pointwise operations are gone by now, so nothing is blown up needlessly. Keeps relevance.
#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {

Graph fold_constants(const Graph& graph, const Context& context) {
  if (!context.evaluate) return graph;
  return graph::rewrite(graph,
                        [&](graph::Builder& b, graph::Value old, const std::vector<graph::Value>& in) -> graph::Value {
                          const graph::Node& node = graph[old];
                          if (node.inputs.empty() || node.type.is_tuple()) return {};
                          std::vector<graph::Literal> literals;
                          for (graph::Value input : in) {
                            const graph::Literal* literal = b.graph().literal(input);
                            if (literal == nullptr) return {};
                            literals.push_back(*literal);
                          }
                          return b.constant(context.evaluate(node, literals));
                        });
}

}  // namespace signxai::passes
