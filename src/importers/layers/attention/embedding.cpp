// Embedding: the row of a table for each token id. Ids have no gradient, so maps are taken at this layer's output
// (methods/places.cpp). What the ids of a call may be is checked before it runs (explain/checks.cpp).
#include "importers/layers/importers.h"

namespace signxai::keras {

LayerResult import_embedding(LayerContext& context) {
  const Config& config = context.config();
  const graph::Value ids = context.input(1, 7);
  if (config.flag("sparse", false)) context.refuse("sparse results are not supported");
  if (config.has("quantization_config")) context.refuse("is quantized; try saving the model before that");
  const Shape shape{config.positive("input_dim"), config.positive("output_dim")};
  if (shape[0] > (std::int64_t{1} << 24)) {
    context.refuse("has " + std::to_string(shape[0]) + " rows; ids are exact up to 16777216");
  }
  graph::Builder& b = context.builder();
  LayerResult result = LayerResult::plain(b.make("gather", {context.weight("embeddings", shape), ids}));
  if (config.flag("mask_zero", false)) result.masks = {differs(b, ids, 0, false)};
  return result;
}

}  // namespace signxai::keras
