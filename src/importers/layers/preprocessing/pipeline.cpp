// Pipeline: layers that are applied one after the other. In a model they are layers of their own (keras/model_def.cpp);
// inside another layer they are part of that one.
#include "importers/layers/importers.h"

namespace signxai::keras {

LayerResult import_pipeline(LayerContext& context) {
  const Json* layers = as_list(context.config().at("layers"));
  if (!layers) context.config().wrong("layers", "a list of layers");
  graph::Value x = context.input();
  for (const Json& entry : *layers) {
    const LayerResult result = context.inner(entry, context.builder(), {x});
    if (!result.more.empty()) context.refuse("has a layer with several outputs; supported are layers with one");
    x = result.output;
  }
  return LayerResult::plain(x);
}

}  // namespace signxai::keras
