// DepthwiseConv1D/2D: one group per channel; SeparableConv1D/2D: a depthwise convolution and a pointwise one behind it.
#include "importers/layers/geometry.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Value;

/// The depthwise part: the kernel [k..., channels, multiplier] as the grouped kernel [k..., 1, channels * multiplier].
Value depthwise(LayerContext& context, Value x, std::size_t n, std::int64_t channels, std::int64_t multiplier) {
  graph::Builder& b = context.builder();
  Geometry g = read_geometry(context.config(), n);
  g.groups = channels;  // whatever `groups` an old file names
  const Value kernel = context.weight("depthwise_kernel", kernel_shape(g, {channels, multiplier}));
  const Value grouped = b.reshape(kernel, kernel_shape(g, {1, channels * multiplier}));
  return b.make("conv", {x, grouped}, conv_attributes(g));
}

std::int64_t read_multiplier(LayerContext& context, std::int64_t channels) {
  const std::int64_t multiplier = context.config().positive("depth_multiplier", 1);
  if (multiplier > kMaxExtent / channels) context.config().wrong("depth_multiplier", "a smaller number");
  return multiplier;
}

LayerResult import_depthwise(LayerContext& context, std::size_t n) {
  const Value x = spatial_input(context, n);
  const std::int64_t channels = context.known_extent(x, n + 1), multiplier = read_multiplier(context, channels);
  return finish_convolution(context, depthwise(context, x, n, channels, multiplier), channels * multiplier);
}

LayerResult import_separable(LayerContext& context, std::size_t n) {
  const Value x = spatial_input(context, n);
  const std::int64_t channels = context.known_extent(x, n + 1), multiplier = read_multiplier(context, channels);
  const std::int64_t filters = context.config().positive("filters");
  const Value deep = depthwise(context, x, n, channels, multiplier);
  Shape shape(n, 1);
  shape.insert(shape.end(), {channels * multiplier, filters});
  const Geometry point{graph::Ints(n, 1), graph::Ints(n, 1), graph::Ints(n, 1), "valid"};
  const Value z =
      context.builder().make("conv", {deep, context.weight("pointwise_kernel", shape)}, conv_attributes(point));
  return finish_convolution(context, z, filters);
}

}  // namespace

LayerResult import_depthwise_conv1d(LayerContext& context) { return import_depthwise(context, 1); }
LayerResult import_depthwise_conv2d(LayerContext& context) { return import_depthwise(context, 2); }
LayerResult import_separable_conv1d(LayerContext& context) { return import_separable(context, 1); }
LayerResult import_separable_conv2d(LayerContext& context) { return import_separable(context, 2); }

}  // namespace signxai::keras
