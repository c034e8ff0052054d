// Pass: gathers chains of pointwise operations between pull-backs into sweeps, which read and write memory once. A node
// joins the sweep of its only user when that user is pointwise and has the same shape. Keeps relevance.
#include <map>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::OpKind;
using graph::Value;

bool is_pointwise(const Graph& graph, Value v) { return graph[v].op->kind == OpKind::kPointwise; }

/// For each pointwise node the last node of its sweep: itself, or that of the user it joins.
std::vector<Value> sweep_roots(const Graph& graph) {
  const auto uses = graph.use_counts();
  std::vector<Value> user(static_cast<std::size_t>(graph.size())), root(static_cast<std::size_t>(graph.size()));
  std::vector<bool> several(static_cast<std::size_t>(graph.size()), false);
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    for (Value in : graph[Value{i}].inputs) {
      const auto at = static_cast<std::size_t>(in.id);
      several[at] = several[at] || (user[at] && user[at] != Value{i});
      user[at] = Value{i};
    }
  }
  for (const graph::Output& out : graph.outputs()) several[static_cast<std::size_t>(out.value.id)] = true;
  for (std::int32_t i = graph.size(); i-- > 0;) {
    const auto at = static_cast<std::size_t>(i);
    root[at] = Value{i};
    const Value next = user[at];
    if (!several[at] && next && is_pointwise(graph, Value{i}) && is_pointwise(graph, next) &&
        graph.type(next) == graph.type(Value{i})) {
      root[at] = root[static_cast<std::size_t>(next.id)];
    }
  }
  return root;
}

/// The region of one sweep while it is being put together.
struct Sweep {
  graph::Builder body;
  std::map<Value, Value> inside;  ///< old value -> value in the body
  std::vector<Value> operands;    ///< old values handed in
};

Value operand(const Graph& graph, Sweep& sweep, Value old) {
  if (const auto it = sweep.inside.find(old); it != sweep.inside.end()) return it->second;
  const graph::Literal* literal = graph.literal(old);
  if (literal && literal->size() == 1 && literal->shape().empty()) return sweep.inside[old] = sweep.body.constant(*literal);
  const Value made = sweep.body.input("v" + std::to_string(sweep.operands.size()), graph.type(old).shape);
  sweep.operands.push_back(old);
  return sweep.inside[old] = made;
}

void append(const Graph& graph, Sweep& sweep, Value old) {
  std::vector<Value> inputs;
  for (Value in : graph[old].inputs) inputs.push_back(operand(graph, sweep, in));
  sweep.inside[old] = sweep.body.remake(graph[old], std::move(inputs));
}

}  // namespace

Graph fuse_pointwise(const Graph& graph, const Context&) {
  const auto roots = sweep_roots(graph);
  std::map<Value, int> members;
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    if (is_pointwise(graph, Value{i})) ++members[roots[static_cast<std::size_t>(i)]];
  }
  std::map<Value, Sweep> sweeps;
  std::map<Value, Value> made;
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, const std::vector<Value>& in) -> Value {
    const Value root = roots[static_cast<std::size_t>(old.id)];
    if (!is_pointwise(graph, old) || members[root] < 2) return made[old] = b.remake(graph[old], in);
    Sweep& sweep = sweeps[root];
    append(graph, sweep, old);
    if (old != root) return made[old] = b.remake(graph[old], in);  // dead once the sweep is there
    sweep.body.output("y", sweep.inside.at(root));
    std::vector<Value> operands;
    for (Value v : sweep.operands) operands.push_back(made.at(v));
    return made[old] = b.make("sweep", operands, {{"body", std::make_shared<const Graph>(sweep.body.take())}});
  });
}

}  // namespace signxai::passes
