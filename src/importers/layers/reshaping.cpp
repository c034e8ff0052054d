// Layers that only move elements: Flatten, Reshape, Permute, RepeatVector.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {

using graph::Ints;
using graph::Value;

/// With channels first Keras flattens in the channels-last order all the same, so that weights fit either layout.
LayerResult import_flatten(LayerContext& context) {
  graph::Builder& b = context.builder();
  Value x = context.input();
  if (context.shape(x).size() > 2 && channels_first(context)) x = to_channels_last(b, x);
  return LayerResult::plain(b.reshape(x, context.shape(x).size() == 1 ? Shape{0, 1} : Shape{0, -1}));
}

LayerResult import_reshape(LayerContext& context) {
  const Config& config = context.config();
  Shape target{0};  // the batch stays
  std::int64_t left = kMaxExtent;
  for (const std::int64_t extent : config.integers("target_shape")) {
    if (extent != -1 && (extent < 1 || extent > kMaxExtent))
      config.wrong("target_shape", "positive extents, or one -1");
    if (extent > left) config.wrong("target_shape", "a smaller product of extents");
    if (extent > 0) left /= extent;
    target.push_back(extent);
  }
  if (std::count(target.begin(), target.end(), -1) > 1) config.wrong("target_shape", "at most one -1");
  if (target.size() > 8) config.wrong("target_shape", "at most 7 extents");
  return LayerResult::plain(context.builder().reshape(context.input(), target));
}

LayerResult import_permute(LayerContext& context) {
  const Config& config = context.config();
  Ints perm = config.integers("dims");
  const Value x = context.input(perm.size() + 1, perm.size() + 1);
  perm.insert(perm.begin(), 0);
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<std::int64_t>(i)) config.wrong("dims", "each axis from 1 on once");
  }
  return LayerResult::plain(context.builder().make("transpose", {x}, {{"perm", perm}}));
}

LayerResult import_repeat_vector(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(2, 2);
  const std::int64_t features = context.known_extent(x, 1), times = context.config().positive("n");
  return LayerResult::plain(b.broadcast(b.reshape(x, {0, 1, features}), {0, times, 0}));
}

}  // namespace signxai::keras
