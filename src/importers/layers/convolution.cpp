// Conv1D and Conv2D. Bias and activation stay separate nodes, as relevance rules need z without them.
#include "importers/layers/activations.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Value;

struct Geometry {
  Ints kernel, strides, dilations;
  std::string padding;
  std::int64_t groups = 1;
};

Geometry read_geometry(const Config& config, std::size_t n) {
  const std::vector<std::string> paddings =
      n == 1 ? std::vector<std::string>{"valid", "same", "causal"} : std::vector<std::string>{"valid", "same"};
  return {config.window("kernel_size", n), config.window("strides", n, 1), config.window("dilation_rate", n, 1),
          config.choice("padding", paddings, "valid"), config.positive("groups", 1)};
}

graph::Attrs attributes(const Geometry& g) {
  graph::Attrs attrs{{"strides", g.strides}, {"padding", g.padding}, {"dilations", g.dilations}, {"groups", g.groups}};
  if (g.padding == "causal") {  // output t sees inputs up to t only
    attrs.set("padding", std::string("explicit"));
    attrs.set("pads", Ints{(g.kernel[0] - 1) * g.dilations[0], 0});
  }
  return attrs;
}

LayerResult import_convolution(LayerContext& context, std::size_t n) {
  graph::Builder& b = context.builder();
  const Config& config = context.config();
  const bool transposed = channels_first(context);
  Value x = context.input(n + 2, n + 2);
  if (transposed) x = to_channels_last(b, x);
  const std::int64_t channels = context.known_extent(x, n + 1);
  const std::int64_t filters = config.positive("filters");
  const Geometry g = read_geometry(config, n);
  if (channels % g.groups != 0 || filters % g.groups != 0) {
    context.corrupt(std::to_string(channels) + " channels and " + std::to_string(filters) +
                    " filters cannot be divided into " + std::to_string(g.groups) + " groups");
  }
  Shape kernel = g.kernel;
  kernel.push_back(channels / g.groups);
  kernel.push_back(filters);
  Value z = b.make("conv", {x, context.weight("kernel", kernel)}, attributes(g));
  if (config.flag("use_bias", true)) z = b.add(z, context.weight("bias", {filters}));
  return fused_activation(context, transposed ? to_channels_first(b, z) : z);
}

}  // namespace

LayerResult import_conv1d(LayerContext& context) { return import_convolution(context, 1); }
LayerResult import_conv2d(LayerContext& context) { return import_convolution(context, 2); }

}  // namespace signxai::keras
