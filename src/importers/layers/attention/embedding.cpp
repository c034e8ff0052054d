// Embedding: the row of a table for each token id. Ids have no gradient, so maps are taken at this layer's output
// (methods/places.cpp). What the ids of a call may be is checked before it runs (explain/checks.cpp).
// ReversibleEmbedding is the same, and a call with reverse=true multiplies by the transposed table, or by a matrix of
// its own where the weights are not tied: to rules that call is one of a Dense layer without bias.
#include "importers/layers/importers.h"

namespace signxai::keras {

namespace {

/// [ids, features]
Shape table_shape(const LayerContext& context) {
  const Config& config = context.config();
  if (config.has("quantization_config")) context.refuse("is quantized; try saving the model before that");
  return {config.positive("input_dim"), config.positive("output_dim")};
}

graph::Literal transposed(const graph::Literal& table) {
  const auto rows = static_cast<std::size_t>(table.shape()[0]), columns = static_cast<std::size_t>(table.shape()[1]);
  std::vector<float> turned(rows * columns);
  for (std::size_t i = 0; i < rows * columns; ++i) turned[i % columns * rows + i / columns] = table.data()[i];
  return graph::Literal({table.shape()[1], table.shape()[0]}, std::move(turned));
}

LayerResult back_to_ids(LayerContext& context) {
  const Config& config = context.config();
  graph::Builder& b = context.builder();
  const graph::Value x = context.input(2);
  const Shape shape = table_shape(context);
  if (config.has("reverse_dtype")) config.choice("reverse_dtype", {"float32"}, "float32");
  const graph::Literal table = context.literal("embeddings", shape);
  const bool tied = config.flag("tie_weights", true);
  const graph::Literal kernel = tied ? transposed(table) : context.literal("kernel", {shape[1], shape[0]});
  const graph::Value weight = b.constant(kernel);
  context.add_weight("kernel", weight);
  const graph::Value z = b.make("matmul", {x, weight});
  LayerResult result = LayerResult::plain(z);
  result.stands_for = "Dense";
  if (!config.has("logit_soft_cap")) return result;
  const graph::Value cap = b.constant(config.number("logit_soft_cap"));
  result.output = b.mul(b.unary("tanh", b.div(z, cap)), cap);
  result.activation = "logit_soft_cap";
  return result;
}

}  // namespace

LayerResult import_embedding(LayerContext& context) {
  const Config& config = context.config();
  const graph::Value ids = context.input(1, 7);
  if (config.flag("sparse", false)) context.refuse("sparse results are not supported");
  const Shape shape = table_shape(context);
  if (shape[0] > (std::int64_t{1} << 24)) {
    context.refuse("has " + std::to_string(shape[0]) + " rows; ids are exact up to 16777216");
  }
  graph::Builder& b = context.builder();
  LayerResult result = LayerResult::plain(b.make("gather", {context.weight("embeddings", shape), ids}));
  if (config.flag("mask_zero", false)) result.masks = {differs(b, ids, 0, false)};
  return result;
}

LayerResult import_reversible_embedding(LayerContext& context) {
  if (context.options().flag("reverse", false)) return back_to_ids(context);
  LayerResult result = import_embedding(context);
  if (!context.config().flag("tie_weights", true)) {
    const Config& config = context.config();
    context.literal("kernel", {config.positive("output_dim"), config.positive("input_dim")});  // of other calls
  }
  return result;
}

}  // namespace signxai::keras
