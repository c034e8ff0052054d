// Masking: steps in which every feature has the mask's value become 0, and are left out by the layers above.
#include "importers/layers/importers.h"

namespace signxai::keras {

LayerResult import_masking(LayerContext& context) {
  graph::Builder& b = context.builder();
  const graph::Value x = context.input(2);
  const graph::Value mask = differs(b, x, context.config().number("mask_value", 0.0), true);
  Shape aligned(context.shape(x).size(), 0);
  aligned.back() = 1;
  LayerResult result = LayerResult::plain(b.select(b.reshape(mask, aligned), x, b.constant(0.0)));
  result.masks = {mask};
  return result;
}

}  // namespace signxai::keras
