// Normalization (by stored statistics), LayerNormalization, GroupNormalization, RMSNormalization and UnitNormalization
// (by the sample's).
#include <algorithm>
#include <cmath>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Literal;
using graph::Value;

/// The axes that a key names, ascending; the whole input where it is null.
std::vector<std::size_t> axes_of(const LayerContext& context, std::size_t rank, std::int64_t fallback) {
  std::vector<std::size_t> axes;
  for (const std::int64_t axis : context.config().has("axis") ? context.config().integers("axis") : Ints{fallback}) {
    axes.push_back(context.axis(axis, rank, "axis"));
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

/// Extents of x along these axes, and 1 along all others.
Shape broadcastable(const LayerContext& context, Value x, const std::vector<std::size_t>& axes) {
  Shape shape(context.shape(x).size(), 1);
  for (const std::size_t axis : axes) shape[axis] = context.known_extent(x, axis);
  return shape;
}

Shape extents(const LayerContext& context, Value x, const std::vector<std::size_t>& axes) {
  Shape shape;
  for (const std::size_t axis : axes) shape.push_back(context.known_extent(x, axis));
  return shape;
}

/// A weight over these axes, in the shape in which it broadcasts against x.
Value aligned_weight(LayerContext& context, Value x, const char* role, const std::vector<std::size_t>& axes) {
  const Literal literal = context.literal(role, extents(context, x, axes));
  const Value value =
      context.builder().constant(Literal(broadcastable(context, x, axes), literal.storage(), literal.name()));
  context.add_weight(role, value);
  return value;
}

/// (x - mean) / sqrt(variance + epsilon), both over `axes`.
Value standardised(graph::Builder& b, Value x, const Ints& axes, double epsilon) {
  const Value centred = b.sub(x, b.reduce("reduce_mean", x, axes, true));
  const Value variance = b.reduce("reduce_mean", b.mul(centred, centred), axes, true);
  return b.div(centred, b.unary("sqrt", b.add(variance, b.constant(epsilon))));
}

Value scaled_and_shifted(LayerContext& context, Value x, Value y, const std::vector<std::size_t>& axes) {
  graph::Builder& b = context.builder();
  if (context.config().flag("scale", true)) y = b.mul(y, aligned_weight(context, x, "gamma", axes));
  if (context.config().flag("center", true)) y = b.add(y, aligned_weight(context, x, "beta", axes));
  return y;
}

/// A statistic from the configuration: one number, or one per element of the axes.
Value given_statistic(LayerContext& context, Value x, const char* key, const std::vector<std::size_t>& axes) {
  const std::vector<double> numbers = context.config().numbers(key);
  Shape shape = broadcastable(context, x, axes);
  if (numbers.size() == 1) shape.assign(shape.size(), 1);
  if (element_count(shape) != static_cast<std::int64_t>(numbers.size())) {
    context.config().wrong(key, "one number, or one per element of the axes");
  }
  return context.builder().constant(Literal(shape, std::vector<float>(numbers.begin(), numbers.end())));
}

}  // namespace

/// (x - mean) / max(sqrt(variance), 1e-7); with `invert` the other way round.
LayerResult import_normalization(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Config& config = context.config();
  const Value x = context.input(1);
  const std::size_t rank = context.shape(x).size();
  const bool whole = !config.has("axis");  // null: one number for all
  const std::vector<std::size_t> axes = whole ? std::vector<std::size_t>{} : axes_of(context, rank, -1);
  Value mean, variance;
  if (config.has("mean")) {
    mean = given_statistic(context, x, "mean", axes);
    variance = given_statistic(context, x, "variance", axes);
  } else {
    mean = aligned_weight(context, x, "mean", axes);
    variance = aligned_weight(context, x, "variance", axes);
    context.literal("count", {});
  }
  const Value deviation = b.make("maximum", {b.unary("sqrt", variance), b.constant(1e-7)});
  if (config.flag("invert", false)) return LayerResult::plain(b.add(b.mul(x, deviation), mean));
  return LayerResult::plain(b.div(b.sub(x, mean), deviation));
}

LayerResult import_layer_normalization(LayerContext& context) {
  const Value x = context.input(2);
  const std::vector<std::size_t> axes = axes_of(context, context.shape(x).size(), -1);
  const double epsilon = context.config().number("epsilon", 1e-3);
  const Value y = standardised(context.builder(), x, Ints(axes.begin(), axes.end()), epsilon);
  return LayerResult::plain(scaled_and_shifted(context, x, y, axes));
}

/// Channels in groups; each group is standardised over its channels and all positions.
LayerResult import_group_normalization(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(2);
  const std::size_t rank = context.shape(x).size(), axis = axes_of(context, rank, -1).front();
  const std::int64_t channels = context.known_extent(x, axis);
  std::int64_t groups = context.config().integer("groups", 32);
  if (groups == -1) groups = channels;
  if (groups < 1 || channels % groups != 0)
    context.corrupt("the groups do not divide the " + std::to_string(channels) + " channels");
  Shape apart;
  Ints axes;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto at = static_cast<std::int64_t>(apart.size());
    if (i != 0 && i != axis) axes.push_back(at);
    if (i == axis) apart.push_back(groups), axes.push_back(at + 1);
    apart.push_back(i == 0 ? 0 : i == axis ? channels / groups : context.known_extent(x, i));
  }
  Shape joined(context.shape(x));
  joined.front() = 0;
  const Value y = standardised(b, b.reshape(x, apart), axes, context.config().number("epsilon", 1e-3));
  return LayerResult::plain(scaled_and_shifted(context, x, b.reshape(y, joined), {axis}));
}

/// scale x / sqrt(mean x^2 + epsilon) (Zhang and Sennrich 2019). Keras lays the scale along the last axes, whichever
/// the mean is taken over.
LayerResult import_rms_normalization(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(2);
  const std::vector<std::size_t> axes = axes_of(context, context.shape(x).size(), -1);
  const Value squares = b.reduce("reduce_mean", b.mul(x, x), Ints(axes.begin(), axes.end()), true);
  const Value root = b.unary("sqrt", b.add(squares, b.constant(context.config().number("epsilon", 1e-6))));
  return LayerResult::plain(b.mul(b.div(x, root), context.weight("scale", extents(context, x, axes))));
}

/// x / sqrt(max(sum x^2, 1e-12)); Keras 3 bounds the root by 1e-12 instead of the sum.
LayerResult import_unit_normalization(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(2);
  const std::vector<std::size_t> axes = axes_of(context, context.shape(x).size(), -1);
  const double least = context.config().keras() == 3 ? 1e-24 : 1e-12;
  const Value squares = b.reduce("reduce_sum", b.mul(x, x), Ints(axes.begin(), axes.end()), true);
  return LayerResult::plain(b.div(x, b.unary("sqrt", b.make("maximum", {squares, b.constant(least)}))));
}

}  // namespace signxai::keras
