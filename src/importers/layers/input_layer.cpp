// InputLayer: a placeholder. The first axis is the batch, which stays open whatever the file says.
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

Shape read_shape(LayerContext& context) {
  const Config& config = context.config();
  const char* key = config.has("batch_shape") ? "batch_shape" : "batch_input_shape";  // Keras 3, Keras 2
  Shape shape = config.open_shape(key);
  if (shape.empty() || shape.size() > 8) config.wrong(key, "1 to 8 extents, the batch first");
  if (shape[0] != graph::kOpen) {
    context.note("the model fixes its batch at " + std::to_string(shape[0]) + "; any batch is accepted");
    shape[0] = graph::kOpen;
  }
  return shape;
}

}  // namespace

LayerResult import_input_layer(LayerContext& context) {
  const Config& config = context.config();
  for (const char* kind : {"sparse", "ragged"}) {
    if (config.flag(kind, false)) context.refuse(std::string(kind) + " inputs are not supported");
  }
  return LayerResult::plain(context.builder().input(context.name(), read_shape(context)));
}

}  // namespace signxai::keras
