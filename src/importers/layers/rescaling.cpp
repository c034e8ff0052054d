// Rescaling: x * scale + offset, each a number or one per channel. LayerScale of keras.applications (ConvNeXt; Touvron
// et al. 2021): x * gamma, one per channel.
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

graph::Value constant(LayerContext& context, graph::Value x, const char* key) {
  const std::vector<double> numbers = context.config().numbers(key);
  if (numbers.size() == 1) return context.builder().constant(numbers[0]);
  const std::size_t last = context.shape(x).size() - 1;
  if (static_cast<std::int64_t>(numbers.size()) != context.known_extent(x, last)) {
    context.config().wrong(key, "one number, or one per element of the last axis");
  }
  return context.builder().constant(
      graph::Literal({static_cast<std::int64_t>(numbers.size())}, std::vector<float>(numbers.begin(), numbers.end())));
}

}  // namespace

LayerResult import_rescaling(LayerContext& context) {
  graph::Builder& b = context.builder();
  const graph::Value x = context.input(2);
  graph::Value y = b.mul(x, constant(context, x, "scale"));
  if (context.config().has("offset")) y = b.add(y, constant(context, x, "offset"));
  return LayerResult::plain(y);
}

LayerResult import_layer_scale(LayerContext& context) {
  const graph::Value x = context.input(2);
  const std::int64_t channels = context.known_extent(x, context.shape(x).size() - 1);
  if (!context.config().has("projection_dim")) {
    context.refuse(
        "is not the LayerScale of keras.applications, which has a projection_dim; state what it consists of "
        "with --custom-layers FILE, or by CustomLayers in C++ (docs/custom-layers.md)");
  }
  return LayerResult::plain(context.builder().mul(x, context.weight("gamma", {channels})));
}

}  // namespace signxai::keras
