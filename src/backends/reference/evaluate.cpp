// Checks the inputs, binds open extents, and interprets.
#include "backends/reference/evaluate.h"

#include <algorithm>

#include "graph/bind.h"
#include "graph/interpret.h"
#include "signxai/error.h"

namespace signxai::reference {
namespace {

void check_data(const graph::Graph& graph, std::span<const graph::Array> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (static_cast<std::int64_t>(inputs[i].data.size()) == element_count(inputs[i].shape)) continue;
    throw Error(ErrorCode::kInvalidArgument, "reference", graph[graph.inputs()[i]].attrs.text("name"),
                "array does not fit its shape; got " + std::to_string(inputs[i].data.size()) + " elements, expected " +
                    std::to_string(element_count(inputs[i].shape)));
  }
}

bool is_bound(const graph::Graph& graph) {
  return std::all_of(graph.nodes().begin(), graph.nodes().end(), [](const auto& node) { return node.type.is_bound(); });
}

}  // namespace

std::vector<graph::Array> evaluate(const graph::Graph& graph, std::span<const graph::Array> inputs) {
  std::vector<Shape> shapes;
  std::vector<const graph::Array*> pointers;
  for (const graph::Array& input : inputs) {
    shapes.push_back(input.shape);
    pointers.push_back(&input);
  }
  graph::check_inputs(graph, shapes);
  check_data(graph, inputs);
  if (is_bound(graph)) return graph::interpret(graph, pointers);
  return graph::interpret(graph::bind_inputs(graph, shapes), pointers);
}

std::vector<Tensor> evaluate(const graph::Graph& graph, std::span<const Tensor> inputs) {
  std::vector<graph::Array> arrays;
  for (const Tensor& input : inputs) arrays.push_back(to_array(input));
  std::vector<Tensor> results;
  for (const graph::Array& result : evaluate(graph, arrays)) results.push_back(to_tensor(result));
  return results;
}

graph::Array to_array(const TensorView& tensor) {
  graph::Array array(tensor.shape);
  std::copy_n(tensor.data, array.data.size(), array.data.begin());
  return array;
}

Tensor to_tensor(const graph::Array& array) {
  if (!array.elements.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "reference", "", "a tuple is not an array; take its members with get");
  }
  Tensor tensor(array.shape);
  std::transform(array.data.begin(), array.data.end(), tensor.data.begin(),
                 [](double value) { return static_cast<float>(value); });
  return tensor;
}

}  // namespace signxai::reference
