// Global max and average pooling: reductions over the spatial axes, wherever the layout has them.
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Value;

LayerResult import_global(LayerContext& context, const char* op, std::size_t n) {
  const graph::Value x = context.input(n + 2, n + 2);
  graph::Ints axes;
  const std::int64_t first = channels_first(context) ? 2 : 1;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(n); ++i) axes.push_back(first + i);
  const bool keep_dims = context.config().flag("keepdims", false);
  return LayerResult::plain(context.builder().reduce(op, x, axes, keep_dims));
}

/// The mean over the steps that the mask keeps.
Value masked_mean(LayerContext& context, Value mask) {
  graph::Builder& b = context.builder();
  const Value x = context.input(3, 3);
  const bool first = channels_first(context);
  const Value kept = b.reshape(mask, first ? Shape{0, 1, -1} : Shape{0, 0, 1});
  const graph::Ints axes{first ? 2 : 1};
  const bool keep_dims = context.config().flag("keepdims", false);
  const Value sum = b.reduce("reduce_sum", b.select(kept, x, b.constant(0.0)), axes, keep_dims);
  return b.div(sum, b.reduce("reduce_sum", kept, axes, keep_dims));
}

}  // namespace

LayerResult import_global_max1d(LayerContext& context) { return import_global(context, "reduce_max", 1); }
LayerResult import_global_max2d(LayerContext& context) { return import_global(context, "reduce_max", 2); }
LayerResult import_global_max3d(LayerContext& context) { return import_global(context, "reduce_max", 3); }
LayerResult import_global_average1d(LayerContext& context) {
  if (context.mask()) return LayerResult::plain(masked_mean(context, context.mask()));
  return import_global(context, "reduce_mean", 1);
}
LayerResult import_global_average2d(LayerContext& context) { return import_global(context, "reduce_mean", 2); }
LayerResult import_global_average3d(LayerContext& context) { return import_global(context, "reduce_mean", 3); }

}  // namespace signxai::keras
