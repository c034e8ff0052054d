// Re-infers a graph from the shapes of its inputs.
#include "graph/bind.h"

#include "graph/rewrite.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

bool agrees(const Shape& open, const Shape& shape) {
  if (open.size() != shape.size()) return false;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i] != kOpen && open[i] != shape[i]) return false;
  }
  return true;
}

}  // namespace

void check_inputs(const Graph& graph, const std::vector<Shape>& shapes) {
  const auto& inputs = graph.inputs();
  if (shapes.size() != inputs.size()) {
    throw Error(ErrorCode::kInvalidArgument, "bind", "",
                "got " + std::to_string(shapes.size()) + " inputs, expected " + std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node& node = graph[inputs[i]];
    if (Type(shapes[i]).is_bound() && agrees(node.type.shape, shapes[i])) continue;
    throw Error(ErrorCode::kInvalidArgument, "bind", node.attrs.text("name"),
                "input has the wrong shape; got " + signxai::to_string(shapes[i]) + ", expected " +
                    signxai::to_string(node.type.shape));
  }
}

Graph bind_inputs(const Graph& graph, const std::vector<Shape>& shapes) {
  check_inputs(graph, shapes);
  Builder builder;
  std::size_t next = 0;
  const auto map = copy_graph(graph, builder, [&](Builder& b, Value old, const std::vector<Value>&) {
    const Node& node = graph[old];
    return node.is("input") ? b.input(node.attrs.text("name"), shapes[next++]) : Value{};
  });
  for (const Output& out : graph.outputs()) builder.output(out.name, map[static_cast<std::size_t>(out.value.id)]);
  return builder.take();
}

}  // namespace signxai::graph
