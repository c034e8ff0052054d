// UpSampling1D and UpSampling2D.
#include "importers/layers/importers.h"

namespace signxai::keras {

using graph::Value;

/// Repeats steps; the length may stay open.
LayerResult import_up_sampling1d(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(3, 3);
  const std::int64_t features = context.known_extent(x, 2), times = context.config().positive("size", 2);
  const Value repeated = b.broadcast(b.reshape(x, {0, 0, 1, features}), {0, 0, times, 0});
  return LayerResult::plain(b.reshape(repeated, {0, -1, features}));
}

LayerResult import_up_sampling2d(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Config& config = context.config();
  const graph::Ints factors = config.window("size", 2, 2);
  const std::string mode = config.choice("interpolation", {"nearest", "bilinear"}, "nearest");
  const bool transposed = channels_first(context);
  Value x = context.input(4, 4);
  if (transposed) x = to_channels_last(b, x);
  const std::int64_t height = context.known_extent(x, 1), width = context.known_extent(x, 2);
  if (factors[0] > kMaxExtent / height || factors[1] > kMaxExtent / width) config.wrong("size", "smaller factors");
  const graph::Ints size{height * factors[0], width * factors[1]};
  x = b.make("resize", {x}, {{"size", size}, {"mode", mode}});
  return LayerResult::plain(transposed ? to_channels_first(b, x) : x);
}

}  // namespace signxai::keras
