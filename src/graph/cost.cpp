// Costs by op table and types.
#include "graph/cost.h"

#include <algorithm>

namespace signxai::graph {
namespace {

double elements_of(const Type& type) {
  double count = type.is_tuple() ? 0 : static_cast<double>(element_count(type.shape));
  for (const Type& member : type.elements) count += elements_of(member);
  return count;
}

std::vector<Type> input_types(const Graph& graph, const Node& node) {
  std::vector<Type> types;
  for (const Value input : node.inputs) types.push_back(graph.type(input));
  return types;
}

double reads_of(const Node& node, std::span<const Type> inputs) {
  if (node.op->reads) return node.op->reads(node, inputs);
  double elements = 0;
  for (const Type& input : inputs) elements += elements_of(input);
  return elements;
}

bool is_free(const Node& node) { return node.op->kind == OpKind::kLeaf || node.is("reshape") || node.is("get"); }

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  flops += other.flops;
  bytes += other.bytes;
  return *this;
}

double flops_of(const Node& node, std::span<const Type> inputs) {
  if (node.op->kind == OpKind::kLeaf || node.op->kind == OpKind::kShape) return 0;
  if (node.op->flops) return node.op->flops(node, inputs);
  double most = elements_of(node.type);
  for (const Type& input : inputs) most = std::max(most, elements_of(input));
  return most;
}

Cost cost_of(const Graph& graph, Value value) {
  const Node& node = graph[value];
  if (is_free(node)) return {};
  const std::vector<Type> inputs = input_types(graph, node);
  return {flops_of(node, inputs), (elements_of(node.type) + reads_of(node, inputs)) * sizeof(float)};
}

Cost cost_of(const Graph& graph) {
  Cost total;
  for (std::int32_t i = 0; i < graph.size(); ++i) total += cost_of(graph, Value{i});
  return total;
}

}  // namespace signxai::graph
