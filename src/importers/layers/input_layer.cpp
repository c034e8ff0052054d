// InputLayer: a placeholder. The first axis is the batch, which stays open whatever the file says.
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

Shape read_shape(LayerContext& context) {
  const Config& config = context.config();
  if (!config.has("batch_input_shape") && config.has("batch_shape")) {
    context.refuse("the configuration was written by Keras 3; this version reads files of Keras 2.x");
  }
  Shape shape = config.open_shape("batch_input_shape");
  if (shape.empty() || shape.size() > 8) config.wrong("batch_input_shape", "1 to 8 extents, the batch first");
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
