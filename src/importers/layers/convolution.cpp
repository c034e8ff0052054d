// Conv1D, Conv2D and Conv3D. Bias and activation stay separate nodes, as relevance rules need z without them.
#include "importers/layers/activations.h"
#include "importers/layers/geometry.h"
#include "importers/layers/importers.h"

namespace signxai::keras {

using graph::Ints;
using graph::Value;

Geometry read_geometry(const Config& config, std::size_t n) {
  const std::vector<std::string> paddings =
      n == 1 ? std::vector<std::string>{"valid", "same", "causal"} : std::vector<std::string>{"valid", "same"};
  Geometry g{config.window("kernel_size", n), config.window("strides", n, 1), config.window("dilation_rate", n, 1),
             config.choice("padding", paddings, "valid"), config.positive("groups", 1)};
  read_explicit_pads(config, n, g.padding, g.pads);
  return g;
}

void read_explicit_pads(const Config& config, std::size_t n, std::string& padding, Ints& pads) {
  if (!config.has("explicit_pads")) return;
  padding = "explicit";
  pads = config.pairs("explicit_pads", n);
}

graph::Attrs conv_attributes(const Geometry& g) {
  graph::Attrs attrs{{"strides", g.strides}, {"padding", g.padding}, {"dilations", g.dilations}, {"groups", g.groups}};
  if (g.padding == "explicit") attrs.set("pads", g.pads);
  if (g.padding == "causal") {  // output t sees inputs up to t only
    attrs.set("padding", std::string("explicit"));
    attrs.set("pads", Ints{(g.kernel[0] - 1) * g.dilations[0], 0});
  }
  return attrs;
}

Shape kernel_shape(const Geometry& g, const Shape& channels) {
  Shape shape = g.kernel;
  shape.insert(shape.end(), channels.begin(), channels.end());
  return shape;
}

Value spatial_input(LayerContext& context, std::size_t n) {
  const Value x = context.input(n + 2, n + 2);
  return channels_first(context) ? to_channels_last(context.builder(), x) : x;
}

LayerResult finish_convolution(LayerContext& context, Value z, std::int64_t filters) {
  graph::Builder& b = context.builder();
  if (context.config().flag("use_bias", true)) z = b.add(z, context.weight("bias", {filters}));
  return fused_activation(context, channels_first(context) ? to_channels_first(b, z) : z);
}

namespace {

LayerResult import_convolution(LayerContext& context, std::size_t n) {
  const Value x = spatial_input(context, n);
  const std::int64_t channels = context.known_extent(x, n + 1);
  const std::int64_t filters = context.config().positive("filters");
  const Geometry g = read_geometry(context.config(), n);
  if (channels % g.groups != 0 || filters % g.groups != 0) {
    context.corrupt(std::to_string(channels) + " channels and " + std::to_string(filters) +
                    " filters cannot be divided into " + std::to_string(g.groups) + " groups");
  }
  const Value kernel = context.weight("kernel", kernel_shape(g, {channels / g.groups, filters}));
  return finish_convolution(context, context.builder().make("conv", {x, kernel}, conv_attributes(g)), filters);
}

}  // namespace

LayerResult import_conv1d(LayerContext& context) { return import_convolution(context, 1); }
LayerResult import_conv2d(LayerContext& context) { return import_convolution(context, 2); }
LayerResult import_conv3d(LayerContext& context) { return import_convolution(context, 3); }

}  // namespace signxai::keras
