// Queries on a finished graph.
#include "graph/graph.h"

#include "graph/op.h"

namespace signxai::graph {

bool Node::is(std::string_view op_name) const { return op->name == op_name; }

const Literal* Graph::literal(Value value) const {
  const Node& node = (*this)[value];
  return node.is("const") ? &node.attrs.literal("value") : nullptr;
}

std::vector<int> Graph::use_counts() const {
  std::vector<int> uses(nodes_.size(), 0);
  for (const Node& node : nodes_) {
    for (Value input : node.inputs) ++uses[static_cast<std::size_t>(input.id)];
  }
  for (const Output& output : outputs_) ++uses[static_cast<std::size_t>(output.value.id)];
  return uses;
}

bool operator==(const Graph& a, const Graph& b) {
  if (a.size() != b.size() || a.outputs().size() != b.outputs().size()) return false;
  for (std::int32_t i = 0; i < a.size(); ++i) {
    const Node &m = a[Value{i}], &n = b[Value{i}];
    if (m.op != n.op || m.inputs != n.inputs || m.type != n.type || !(m.attrs == n.attrs)) return false;
  }
  for (std::size_t i = 0; i < a.outputs().size(); ++i) {
    if (a.outputs()[i].name != b.outputs()[i].name || a.outputs()[i].value != b.outputs()[i].value) return false;
  }
  return true;
}

}  // namespace signxai::graph
