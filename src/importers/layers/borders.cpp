// Cropping and ZeroPadding over one to three spatial axes: slices and pads.

#include <algorithm>
#include <limits>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

LayerResult import_cropping(LayerContext& context, std::size_t n) {
  const graph::Value x = context.input(n + 2, n + 2);
  const graph::Ints sides = context.config().pairs("cropping", n);
  graph::Ints begin(n + 2, 0), end(n + 2, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t axis = i + (channels_first(context) ? 2 : 1);
    const std::int64_t low = sides[2 * i], high = sides[2 * i + 1];
    if (low == 0 && high == 0) continue;
    const std::int64_t extent = context.shape(x)[axis];
    if (high > 0 && extent == graph::kOpen) context.refuse("crops the end of an axis of open extent");
    if (extent != graph::kOpen && low + high >= extent) context.corrupt("crops everything away");
    begin[axis] = low;
    if (high > 0) end[axis] = extent - high;
  }
  return LayerResult::plain(context.builder().make("slice", {x}, {{"begin", begin}, {"end", end}}));
}

LayerResult import_zero_padding(LayerContext& context, std::size_t n) {
  const graph::Value x = context.input(n + 2, n + 2);
  const graph::Ints sides = context.config().pairs("padding", n);
  graph::Ints pads(2 * (n + 2), 0);
  const std::size_t first = channels_first(context) ? 2 : 1;
  std::copy(sides.begin(), sides.end(), pads.begin() + static_cast<std::ptrdiff_t>(2 * first));
  return LayerResult::plain(context.builder().make("pad", {x}, {{"pads", pads}}));
}

}  // namespace

LayerResult import_cropping1d(LayerContext& context) { return import_cropping(context, 1); }
LayerResult import_cropping2d(LayerContext& context) { return import_cropping(context, 2); }
LayerResult import_cropping3d(LayerContext& context) { return import_cropping(context, 3); }
LayerResult import_zero_padding1d(LayerContext& context) { return import_zero_padding(context, 1); }
LayerResult import_zero_padding2d(LayerContext& context) { return import_zero_padding(context, 2); }
LayerResult import_zero_padding3d(LayerContext& context) { return import_zero_padding(context, 3); }

}  // namespace signxai::keras
