// Queries on the layer calls, and binding of open extents.
#include "graph/network.h"

#include <algorithm>

#include "graph/rewrite.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

bool binds(const Shape& open, const Shape& shape) {
  if (open.size() != shape.size()) return false;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (shape[i] < 0 || (open[i] != kOpen && open[i] != shape[i])) return false;
  }
  return true;
}

}  // namespace

Value LayerCall::weight(std::string_view role) const {
  for (const Weight& w : weights) {
    if (w.role == role) return w.value;
  }
  return {};
}

std::vector<int> Network::successors(int index) const {
  std::vector<int> found;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (int producer : calls[i].producers) {
      if (producer == index) found.push_back(static_cast<int>(i));
    }
  }
  return found;
}

std::vector<int> Network::input_calls() const {
  std::vector<int> found;
  for (const Value input : graph.inputs()) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (calls[i].inputs.empty() && calls[i].output == input) found.push_back(static_cast<int>(i));
    }
  }
  return found;
}

std::vector<int> Network::places_of(int input_call) const {
  std::vector<bool> reached(calls.size(), false);
  reached[static_cast<std::size_t>(input_call)] = true;
  std::vector<int> embeddings;
  bool as_numbers = false;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& from = calls[i].producers;
    if (std::none_of(from.begin(), from.end(), [&](int p) { return reached[static_cast<std::size_t>(p)]; })) continue;
    if (calls[i].kind == LayerKind::kEmbedding) {
      embeddings.push_back(static_cast<int>(i));
    } else {
      reached[i] = true;
    }
  }
  for (const int output : outputs) as_numbers = as_numbers || reached[static_cast<std::size_t>(output)];
  if (as_numbers || embeddings.empty()) embeddings.insert(embeddings.begin(), input_call);
  return embeddings;
}

int Network::find(std::string_view layer) const {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].name == layer) return static_cast<int>(i);
  }
  return -1;
}

Network bind(const Network& network, const std::vector<Shape>& shapes) {
  const auto& inputs = network.graph.inputs();
  if (shapes.size() != inputs.size()) {
    throw Error(ErrorCode::kInvalidArgument, "bind", network.name,
                "got " + std::to_string(shapes.size()) + " inputs, expected " + std::to_string(inputs.size()));
  }
  Builder builder;
  std::size_t next = 0;
  const auto map = copy_graph(network.graph, builder, [&](Builder& b, Value old, const std::vector<Value>&) -> Value {
    const Node& node = network.graph[old];
    if (!node.is("input")) return {};
    const Shape& shape = shapes[next++];
    if (binds(node.type.shape, shape)) return b.input(node.attrs.text("name"), shape);
    throw Error(ErrorCode::kInvalidArgument, "bind", node.attrs.text("name"),
                "input has the wrong shape; got " + signxai::to_string(shape) + ", expected " +
                    signxai::to_string(node.type.shape));
  });
  auto mapped = [&](Value v) { return v ? map[static_cast<std::size_t>(v.id)] : v; };
  Network bound = network;
  for (const Output& out : network.graph.outputs()) builder.output(out.name, mapped(out.value));
  for (LayerCall& call : bound.calls) {
    for (Value& input : call.inputs) input = mapped(input);
    for (Weight& w : call.weights) w.value = mapped(w.value);
    call.kernel_output = mapped(call.kernel_output);
    call.output = mapped(call.output);
  }
  bound.graph = builder.take();
  return bound;
}

}  // namespace signxai::graph
