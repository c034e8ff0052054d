// Pass: drops what the sign analysis proves to be zero or without effect. After a ReLU an activation is not negative,
// so half of the terms of alpha-beta-LRP vanish here. Keeps relevance (exact, for finite weights).
#include <memory>

#include "graph/rewrite.h"
#include "passes/passes.h"
#include "passes/signs.h"

namespace signxai::passes {
namespace {

using graph::Builder;
using graph::Node;
using graph::OpKind;
using graph::Sign;
using graph::Value;

bool is_one(const Builder& b, Value v) {
  const graph::Literal* literal = b.graph().literal(v);
  return literal && literal->size() == 1 && literal->data()[0] == 1.0f;
}

/// `a` in the shape of the node's result. Left as a broadcast, it costs the operations that use it nothing.
Value as_result(Builder& b, const Node& node, Value a) {
  return b.shape(a) == node.type.shape ? a : b.broadcast(a, node.type.shape);
}

Value simplified_pointwise(Builder& b, Signs& signs, const Node& node, const std::vector<Value>& in) {
  const std::string& op = node.op->name;
  if (op == "add" || op == "sub") {
    if (signs.of(in[1]).is_zero()) return as_result(b, node, in[0]);
    if (op == "add" && signs.of(in[0]).is_zero()) return as_result(b, node, in[1]);
  }
  if (op == "mul" && is_one(b, in[1])) return as_result(b, node, in[0]);
  if (op == "mul" && is_one(b, in[0])) return as_result(b, node, in[1]);
  if (op == "relu" && signs.of(in[0]).is_non_negative()) return in[0];
  if (op == "select") {
    const Sign condition = signs.of(in[0]);
    if (condition.is_zero()) return as_result(b, node, in[2]);
    if (!condition.zero) return as_result(b, node, in[1]);
  }
  return {};
}

/// Pointwise operations broadcast by themselves: an explicit broadcast below them is left out where the result keeps
/// its shape.
Value without_broadcasts(Builder& b, const Node& node, std::vector<Value> in) {
  bool changed = false;
  for (Value& v : in) {
    if (!b[v].is("broadcast")) continue;
    const Value wide = v;
    v = b[wide].inputs.front();
    if (b.shape(b.remake(node, in)) == node.type.shape) {
      changed = true;
    } else {
      v = wide;
    }
  }
  return changed ? b.remake(node, in) : Value{};
}

bool moves_nothing(const Builder& b, const Node& node, const std::vector<Value>& in) {
  return (node.is("reshape") || node.is("broadcast")) && b.shape(in.front()) == node.type.shape;
}

}  // namespace

Graph eliminate_dead_terms(const Graph& graph, const Context&) {
  Builder* current = nullptr;
  std::unique_ptr<Signs> signs;
  return graph::rewrite(graph, [&](Builder& b, Value old, const std::vector<Value>& in) -> Value {
    if (current != &b) {
      current = &b;
      signs = std::make_unique<Signs>(b.graph());
    }
    const Node& node = graph[old];
    if (node.inputs.empty() || node.type.is_tuple()) return {};
    if (moves_nothing(b, node, in)) return in.front();
    const Value made = b.remake(node, in);
    if (signs->of(made).is_zero() && !node.is("broadcast")) return b.broadcast(b.constant(0.0), node.type.shape);
    if (node.op->kind != OpKind::kPointwise) return made;
    if (const Value simple = simplified_pointwise(b, *signs, node, in)) return simple;
    const Value narrow = without_broadcasts(b, node, in);
    return narrow ? narrow : made;
  });
}

}  // namespace signxai::passes
