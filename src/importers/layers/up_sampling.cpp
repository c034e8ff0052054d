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

/// Repeats cells along three axes.
LayerResult import_up_sampling3d(LayerContext& context) {
  graph::Builder& b = context.builder();
  const graph::Ints times = context.config().window("size", 3, 2);
  const bool transposed = channels_first(context);
  Value x = context.input(5, 5);
  if (transposed) x = to_channels_last(b, x);
  Shape apart{0}, repeated{0}, joined{0};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t extent = context.known_extent(x, i + 1);
    if (times[i] > kMaxExtent / extent) context.config().wrong("size", "smaller factors");
    apart.insert(apart.end(), {extent, 1});
    repeated.insert(repeated.end(), {extent, times[i]});
    joined.push_back(extent * times[i]);
  }
  const std::int64_t channels = context.known_extent(x, 4);
  apart.push_back(channels), repeated.push_back(channels), joined.push_back(channels);
  const Value y = b.reshape(b.broadcast(b.reshape(x, apart), repeated), joined);
  return LayerResult::plain(transposed ? to_channels_first(b, y) : y);
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
