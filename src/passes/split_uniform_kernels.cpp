// Pass: a kernel that holds one number throughout, as the Flat rule's, sees of its input only the sum over channels and
// gives every channel the same. The contraction becomes a channel sum, a window sum over one channel, and a broadcast,
// which pointwise operations on such values let through. Keeps relevance.
#include <algorithm>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Node;
using graph::Value;

bool is_number(const Builder& b, Value v) { return element_count(b.shape(v)) == 1; }

/// The one number of a kernel, or an invalid value.
Value number_of(const Builder& b, Value kernel) {
  if (!b[kernel].is("broadcast")) return {};
  const Value source = b[kernel].inputs[0];
  return is_number(b, source) ? source : Value{};
}

/// The shape with one channel.
Shape narrow(Shape shape) {
  shape.back() = 1;
  return shape;
}

/// What a value is the same of in every channel: of one channel, or one number. Invalid where channels differ.
Value common_channel(const Builder& b, Value v) {
  if (is_number(b, v)) return v;
  if (!b[v].is("broadcast")) return {};
  const Value source = b[v].inputs[0];
  return is_number(b, source) || b.shape(source) == narrow(b.shape(v)) ? source : Value{};
}

Value as_scalar(Builder& b, Value number) { return b.shape(number).empty() ? number : b.reshape(number, {}); }

Value channel_sum(Builder& b, Value v) {
  const Shape shape = b.shape(v);
  const Value common = common_channel(b, v);
  if (common && b.shape(common) == narrow(shape)) return b.mul(common, b.constant(static_cast<double>(shape.back())));
  return b.reduce("reduce_sum", v, {static_cast<std::int64_t>(shape.size()) - 1}, true);
}

Value split(Builder& b, const Node& node, const std::vector<Value>& in) {
  if (in.size() != 2) return {};
  const Value number = number_of(b, in[1]);
  if (!number) return {};
  if (node.is("matmul")) {
    const auto& attrs = node.attrs;
    if (attrs.integer("transpose_a") != 0 || b.shape(in[1]).size() != 2) return {};
    return b.broadcast(b.mul(channel_sum(b, in[0]), as_scalar(b, number)), node.type.shape);
  }
  if (node.attrs.integer("groups") != 1) return {};
  Shape window = b.shape(in[1]);
  window[window.size() - 2] = window.back() = 1;
  const Value one_channel = b.make(node.op->name, {channel_sum(b, in[0]), b.broadcast(number, window)}, node.attrs);
  return b.broadcast(one_channel, node.type.shape);
}

/// A pointwise operation on values that are the same in every channel, done for one channel.
Value once(Builder& b, const Node& node, const std::vector<Value>& in) {
  if (node.type.rank() < 2 || node.type.shape.back() == 1) return {};
  std::vector<Value> common;
  bool has_channels = false;
  for (const Value v : in) {
    common.push_back(common_channel(b, v));
    if (!common.back()) return {};
    has_channels = has_channels || b.shape(common.back()) == narrow(node.type.shape);
  }
  if (!has_channels) return {};
  for (Value& v : common) {
    if (is_number(b, v)) v = as_scalar(b, v);
  }
  const Value made = b.make(node.op->name, common, node.attrs);
  return b.shape(made) == narrow(node.type.shape) ? b.broadcast(made, node.type.shape) : Value{};
}

}  // namespace

Graph split_uniform_kernels(const Graph& graph, const Context&) {
  return graph::rewrite(graph, [&](Builder& b, Value old, const std::vector<Value>& in) -> Value {
    const Node& node = graph[old];
    if (node.is("conv") || node.is("conv_backward_data") || node.is("matmul")) return split(b, node, in);
    if (node.op->kind == graph::OpKind::kPointwise) return once(b, node, in);
    return {};
  });
}

}  // namespace signxai::passes
