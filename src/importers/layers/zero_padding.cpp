// ZeroPadding1D and ZeroPadding2D.
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

LayerResult import_zero_padding(LayerContext& context, std::size_t n) {
  const graph::Value x = context.input(n + 2, n + 2);
  const graph::Ints sides = context.config().pairs("padding", n);
  graph::Ints pads(2 * (n + 2), 0);
  const std::size_t first = channels_first(context) ? 2 : 1;
  std::copy(sides.begin(), sides.end(), pads.begin() + static_cast<std::ptrdiff_t>(2 * first));
  return LayerResult::plain(context.builder().make("pad", {x}, {{"pads", pads}}));
}

}  // namespace

LayerResult import_zero_padding1d(LayerContext& context) { return import_zero_padding(context, 1); }
LayerResult import_zero_padding2d(LayerContext& context) { return import_zero_padding(context, 2); }

}  // namespace signxai::keras
