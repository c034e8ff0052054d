// Pass: joins a bias and a ReLU with the convolution or matmul in front of them, where nothing else needs the value in
// between. Kernels apply both while the result is in registers. Keeps relevance.
#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::Value;

bool takes_epilogue(const Node& node) {
  return (node.is("conv") || node.is("matmul")) && node.attrs.text("activation").empty();
}

/// The per-channel constant that `add` adds to a convolution or matmul which serves nothing else, or none.
bool adds_bias(const Graph& graph, const std::vector<int>& uses, const Node& add) {
  if (!add.is("add")) return false;
  const Node& kernel = graph[add.inputs[0]];
  const graph::Literal* bias = graph.literal(add.inputs[1]);
  return bias && takes_epilogue(kernel) && kernel.inputs.size() == 2 && graph.type(add.inputs[0]) == add.type &&
         bias->shape() == Shape{add.type.shape.back()} && uses[static_cast<std::size_t>(add.inputs[0].id)] == 1;
}

bool rectifies_kernel(const Graph& graph, const std::vector<int>& uses, const Node& relu) {
  return relu.is("relu") && takes_epilogue(graph[relu.inputs[0]]) &&
         uses[static_cast<std::size_t>(relu.inputs[0].id)] == 1;
}

Graph fuse_bias(const Graph& graph) {
  const auto uses = graph.use_counts();
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, const std::vector<Value>& in) -> Value {
    if (!adds_bias(graph, uses, graph[old])) return {};
    const Node kernel = b[in[0]];
    return b.remake(kernel, {kernel.inputs[0], kernel.inputs[1], in[1]});
  });
}

Graph fuse_relu(const Graph& graph) {
  const auto uses = graph.use_counts();
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, const std::vector<Value>& in) -> Value {
    if (!rectifies_kernel(graph, uses, graph[old])) return {};
    Node kernel = b[in[0]];
    kernel.attrs.set("activation", std::string("relu"));
    return b.remake(kernel, kernel.inputs);
  });
}

}  // namespace

Graph fuse_epilogues(const Graph& graph, const Context&) { return fuse_relu(fuse_bias(graph)); }

}  // namespace signxai::passes
