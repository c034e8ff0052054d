// Merge layers: Add, Subtract, Multiply, Average, Maximum, Minimum (folded from the left, with broadcasting),
// Concatenate and Dot.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Value;
using Values = std::vector<Value>;

constexpr std::size_t kMany = 1024;

void expect_inputs(const LayerContext& context, std::size_t least, std::size_t most) {
  const std::size_t count = context.inputs().size();
  if (count >= least && count <= most) return;
  context.corrupt("got " + std::to_string(count) + " inputs, expected " + std::to_string(least) +
                  (most > least ? " or more" : ""));
}

/// Keras 2: a step counts that counts in every input with a mask. Keras 3: that counts in any of them, if all have
/// masks.
Value merged_mask(LayerContext& context) {
  graph::Builder& b = context.builder();
  const bool third = context.config().keras() == 3;
  Value merged;
  for (std::size_t i = 0; i < context.inputs().size(); ++i) {
    const Value mask = context.mask(i);
    if (!mask && third) return {};
    if (mask) merged = merged ? b.make(third ? "maximum" : "minimum", {merged, mask}) : mask;
  }
  return merged;
}

LayerResult elementwise(LayerContext& context, Value merged) {
  LayerResult result = LayerResult::plain(merged);
  result.masks = {merged_mask(context)};
  return result;
}

/// Where inputs are joined along their steps, so are their masks; along the features a step counts that counts in every
/// input (Keras 2) or in any (Keras 3, where an input without mask makes all steps count).
Value concatenated_mask(LayerContext& context, std::size_t axis, std::size_t rank) {
  graph::Builder& b = context.builder();
  Values masks;
  bool any = false;
  for (std::size_t i = 0; i < context.inputs().size(); ++i) {
    const Value mask = context.mask(i);
    any = any || mask;
    masks.push_back(mask);
  }
  if (!any) return {};
  if (rank != 3) context.refuse("joins inputs of which some have masks; supported are inputs [batch, steps, features]");
  const bool third = context.config().keras() == 3;
  if (axis == 2 && !third) return merged_mask(context);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const Value x = context.inputs()[i];
    if (!masks[i])
      masks[i] =
          b.make("greater_equal", {b.reduce("reduce_max", b.make("equal", {x, x}), {2}, false), b.constant(0.0)});
  }
  if (axis == 1) return b.make("concat", masks, {{"axis", std::int64_t{1}}});
  Value joined = masks[0];
  for (const Value mask : masks) joined = b.make("maximum", {joined, mask});
  return joined;
}

/// Keras aligns inputs of fewer axes by putting axes of extent 1 behind the batch axis.
Value aligned(LayerContext& context, Value x, std::size_t rank) {
  const Shape& shape = context.shape(x);
  if (shape.size() == rank) return x;
  Shape target{0};
  target.resize(1 + rank - shape.size(), 1);
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] == graph::kOpen) context.refuse("merges inputs of different ranks with open extents");
    target.push_back(shape[i]);
  }
  return context.builder().reshape(x, target);
}

Value fold(LayerContext& context, const char* op) {
  std::size_t rank = 0;
  for (const Value x : context.inputs()) rank = std::max(rank, context.shape(x).size());
  Value merged;
  for (const Value x : context.inputs()) {
    const Value next = aligned(context, x, rank);
    merged = merged ? context.builder().make(op, {merged, next}) : next;
  }
  return merged;
}

}  // namespace

LayerResult import_add(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  return elementwise(context, fold(context, "add"));
}

/// CustomScaleLayer of keras.applications (InceptionResNetV2): x + scale y.
LayerResult import_scaled_add(LayerContext& context) {
  expect_inputs(context, 2, 2);
  graph::Builder& b = context.builder();
  const Value branch = b.mul(context.inputs()[1], b.constant(context.config().number("scale")));
  return LayerResult::plain(b.make("add", {context.inputs()[0], branch}));
}

LayerResult import_subtract(LayerContext& context) {
  expect_inputs(context, 2, 2);
  return elementwise(context, fold(context, "sub"));
}

LayerResult import_multiply(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  return elementwise(context, fold(context, "mul"));
}

LayerResult import_maximum(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  return elementwise(context, fold(context, "maximum"));
}

LayerResult import_minimum(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  return elementwise(context, fold(context, "minimum"));
}

LayerResult import_average(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  graph::Builder& b = context.builder();
  const Value sum = fold(context, "add");
  return elementwise(context, b.div(sum, b.constant(static_cast<double>(context.inputs().size()))));
}

/// Products of two inputs along one axis of each; with `normalize` each input is scaled to length 1 along it.
LayerResult import_dot(LayerContext& context) {
  expect_inputs(context, 2, 2);
  graph::Builder& b = context.builder();
  const graph::Ints given = context.config().integers("axes");
  if (given.empty() || given.size() > 2) context.config().wrong("axes", "one axis, or one for each input");
  const bool normalize = context.config().flag("normalize", false);
  Value sides[2];
  Shape joined{0};
  for (std::size_t i = 0; i < 2; ++i) {
    Value x = context.inputs()[i];
    const std::size_t rank = context.shape(x).size(),
                      axis = context.axis(given[given.size() == 1 ? 0 : i], rank, "axes");
    if (normalize) {
      const Value squares = b.reduce("reduce_sum", b.mul(x, x), {static_cast<std::int64_t>(axis)}, true);
      x = b.div(x, b.unary("sqrt", b.make("maximum", {squares, b.constant(1e-12)})));
    }
    graph::Ints perm{0};  // the axis comes last on the left side, first on the right one
    std::int64_t others = 1;
    for (std::size_t d = 1; d < rank; ++d) {
      if (d == axis) continue;
      perm.push_back(static_cast<std::int64_t>(d));
      others *= context.known_extent(x, d);
      joined.push_back(context.known_extent(x, d));
    }
    const std::int64_t along = context.known_extent(x, axis);
    perm.insert(i == 0 ? perm.end() : perm.begin() + 1, static_cast<std::int64_t>(axis));
    x = b.make("transpose", {x}, {{"perm", perm}});
    sides[i] = b.reshape(x, i == 0 ? Shape{0, others, along} : Shape{0, along, others});
  }
  if (joined.size() == 1) joined.push_back(1);
  return LayerResult::plain(b.reshape(b.make("matmul", {sides[0], sides[1]}), joined));
}

LayerResult import_concatenate(LayerContext& context) {
  expect_inputs(context, 1, kMany);
  const std::size_t rank = context.shape(context.inputs()[0]).size();
  const std::size_t axis = context.axis(context.config().integer("axis", -1), rank, "axis");
  for (const Value x : context.inputs()) {
    if (context.shape(x).size() != rank) context.corrupt("the inputs have different numbers of axes");
  }
  LayerResult result = LayerResult::plain(
      context.builder().make("concat", context.inputs(), {{"axis", static_cast<std::int64_t>(axis)}}));
  result.masks = {concatenated_mask(context, axis, rank)};
  return result;
}

}  // namespace signxai::keras
