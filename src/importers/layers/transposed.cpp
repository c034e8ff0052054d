// Conv1DTranspose, Conv2DTranspose and Conv3DTranspose: the transpose of a convolution, run forward.
#include <algorithm>

#include "importers/layers/geometry.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Value;

/// Extents of the result, as Keras computes them.
Ints output_extents(LayerContext& context, Value x, const Geometry& g) {
  const Config& config = context.config();
  const std::size_t n = g.kernel.size();
  const bool given = config.has("output_padding");
  const Ints extra = given ? config.integers("output_padding") : Ints(n, 0);
  if (extra.size() != n && extra.size() != 1) config.wrong("output_padding", std::to_string(n) + " numbers");
  Ints out;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t in = context.known_extent(x, i + 1), stride = g.strides[i];
    const std::int64_t window = g.kernel[i] + (g.kernel[i] - 1) * (g.dilations[i] - 1);
    if (stride > kMaxExtent / in || window > kMaxExtent) config.wrong("strides", "smaller numbers");
    const std::int64_t padding = extra.size() == 1 ? extra[0] : extra[i];
    const std::int64_t cut = !g.pads.empty()       ? g.pads[2 * i] + g.pads[2 * i + 1]
                             : g.padding == "same" ? window / 2 * 2
                                                   : 0;
    if (padding < 0 || (given && padding >= stride))
      config.wrong("output_padding", "numbers from 0 and below the stride");
    if (given) {
      out.push_back((in - 1) * stride + window - cut + padding);
    } else {
      out.push_back(in * stride + (g.padding == "same" ? 0 : std::max<std::int64_t>(window - stride, 0)));
    }
    if (out.back() < 1) context.corrupt("the result has no extent");
  }
  return out;
}

LayerResult import_transposed(LayerContext& context, std::size_t n) {
  const Value x = spatial_input(context, n);
  const std::int64_t channels = context.known_extent(x, n + 1), filters = context.config().positive("filters");
  const Geometry g = read_geometry(context.config(), n);
  const bool kept = g.pads.empty();  // of a Keras file
  if (kept && g.groups != 1) context.refuse("has groups, which Keras does not compute for transposed convolutions");
  if (g.padding == "causal") context.corrupt("a transposed convolution cannot have causal padding");
  graph::Attrs attrs = conv_attributes(g);
  attrs.set("input_spatial", output_extents(context, x, g));
  const Value kernel = context.weight("kernel", kernel_shape(g, {filters / g.groups, channels}));
  return finish_convolution(context, context.builder().make("conv_backward_data", {x, kernel}, attrs), filters);
}

}  // namespace

LayerResult import_conv1d_transpose(LayerContext& context) { return import_transposed(context, 1); }
LayerResult import_conv2d_transpose(LayerContext& context) { return import_transposed(context, 2); }
LayerResult import_conv3d_transpose(LayerContext& context) { return import_transposed(context, 3); }

}  // namespace signxai::keras
