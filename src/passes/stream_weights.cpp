// Pass: a large matrix that a few rows meet transformed, W+, W- or W * W, is transformed while it is streamed instead
// of being kept a second time: such a product is bound by memory, so this costs nothing. Keeps relevance.
#include <algorithm>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::Value;

constexpr std::int64_t kStreamed = std::int64_t{1} << 20;  // entries; folding costs little below

bool is_zero(const graph::Literal* literal) {
  return literal != nullptr && literal->size() == 1 && literal->data()[0] == 0.0f;
}

/// How `node` transforms its first input, or nothing.
std::string transform_of(const graph::Builder& b, const Node& node) {
  if (node.is("relu")) return "positive";
  if (node.is("minimum") && is_zero(b.graph().literal(node.inputs[1]))) return "negative";
  if (node.is("mul") && node.inputs[0] == node.inputs[1]) return "squared";
  return {};
}

bool has_few_rows(const Node& product) {
  const Shape& shape = product.type.shape;
  return element_count(shape) / std::max<std::int64_t>(shape.back(), 1) <= kFewRows;
}

}  // namespace

Graph stream_weights(const Graph& graph, const Context&) {
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, const std::vector<Value>& in) -> Value {
    Node product = graph[old];
    if (!product.is("matmul") || product.attrs.integer("transpose_a") != 0 || !has_few_rows(product)) return {};
    const Node right = b[in[1]];
    const std::string how = right.inputs.empty() ? std::string() : transform_of(b, right);
    if (how.empty() || !product.attrs.text("weights").empty()) return {};
    const graph::Literal* matrix = b.graph().literal(right.inputs[0]);
    if (matrix == nullptr || matrix->shape().size() != 2 || matrix->size() < kStreamed) return {};
    product.attrs.set("weights", how);
    std::vector<Value> operands = in;
    operands[1] = right.inputs[0];
    return b.remake(product, operands);
  });
}

}  // namespace signxai::passes
