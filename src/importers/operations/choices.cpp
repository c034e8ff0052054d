// Comparisons, logic and choices. True is 1 and false 0; what compares has no derivative.
#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

Value truth(Builder& b, Value x) { return differs(b, x, 0.0, false); }
Value inverse(Builder& b, Value x) { return b.sub(b.constant(1.0), x); }

LayerResult position(Operands& call, bool largest) {
  Builder& b = call.builder();
  const Value x = call.value("x");
  if (!call.has("axis")) call.context().refuse("works along all axes, that of the batch included; state the axis");
  const std::int64_t axis = call.axis("axis", call.rank(x), 0);
  const Value found = b.make("argmax", {largest ? x : b.unary("neg", x)}, {{"axis", axis}});
  return LayerResult::plain(call.config().flag("keepdims", false) ? with_axis(b, found, axis) : found);
}

/// Whether an operation without derivative made the tensor, so that it holds whole numbers.
bool is_whole(Operands& call, Value x) {
  const graph::Node& node = call.builder()[x];
  return node.is("equal") || node.is("greater") || node.is("greater_equal") || node.is("less") ||
         node.is("less_equal") || node.is("argmax") || node.is("const");
}

}  // namespace

LayerResult operation_argmax(Operands& call) { return position(call, true); }
LayerResult operation_argmin(Operands& call) { return position(call, false); }

LayerResult operation_cast(Operands& call) {
  const Value x = call.value("x");
  const std::string type = call.config().text("dtype");
  if (type.find("float") != std::string::npos) return LayerResult::plain(x);
  if (type == "bool") return LayerResult::plain(truth(call.builder(), x));
  if (is_whole(call, x)) return LayerResult::plain(x);
  call.context().refuse("makes " + type + " of a tensor, which cuts fractions off; supported are float types and bool");
}

LayerResult operation_identity(Operands& call) { return LayerResult::plain(call.value("x")); }

LayerResult operation_logical_and(Operands& call) {
  Builder& b = call.builder();
  return LayerResult::plain(b.mul(truth(b, call.value("x1")), truth(b, call.value("x2"))));
}

LayerResult operation_logical_not(Operands& call) {
  return LayerResult::plain(inverse(call.builder(), truth(call.builder(), call.value("x"))));
}

LayerResult operation_logical_or(Operands& call) {
  Builder& b = call.builder();
  return LayerResult::plain(b.make("maximum", {truth(b, call.value("x1")), truth(b, call.value("x2"))}));
}

LayerResult operation_not_equal(Operands& call) {
  Builder& b = call.builder();
  return LayerResult::plain(inverse(b, b.make("equal", {call.value("x1"), call.value("x2")})));
}

LayerResult operation_ones_like(Operands& call) {
  const Value x = call.value("x");
  return LayerResult::plain(call.builder().make("equal", {x, x}));
}

/// Open extents are numbers that nothing can be computed with.
LayerResult operation_shape(Operands& call) {
  std::vector<float> extents;
  for (const std::int64_t extent : call.shape(call.value("x"))) {
    extents.push_back(extent == graph::kOpen ? open_extent() : static_cast<float>(extent));
  }
  const auto count = static_cast<std::int64_t>(extents.size());
  return LayerResult::plain(call.builder().constant(graph::Literal({count}, std::move(extents))));
}

LayerResult operation_sign(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x"), zero = b.constant(0.0);
  return LayerResult::plain(b.sub(b.make("greater", {x, zero}), b.make("less", {x, zero})));
}

/// A value of its own, so that the operation is not taken for what its input is.
LayerResult operation_stop_gradient(Operands& call) {
  return LayerResult::plain(call.builder().mul(call.value("x"), call.builder().constant(1.0)));
}

LayerResult operation_where(Operands& call) {
  if (!call.has("x1") || !call.has("x2")) call.context().refuse("gives positions; supported is a choice of two values");
  return LayerResult::plain(call.builder().select(call.value("condition"), call.value("x1"), call.value("x2")));
}

LayerResult operation_zeros_like(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x");
  return LayerResult::plain(inverse(b, b.make("equal", {x, x})));
}

}  // namespace signxai::keras
