// Cropping1D and Cropping2D: slices of the spatial axes.
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

}  // namespace

LayerResult import_cropping1d(LayerContext& context) { return import_cropping(context, 1); }
LayerResult import_cropping2d(LayerContext& context) { return import_cropping(context, 2); }

}  // namespace signxai::keras
