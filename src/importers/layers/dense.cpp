// Dense: x kernel + bias over the last axis of an input of any rank.
#include "importers/layers/activations.h"
#include "importers/layers/importers.h"

namespace signxai::keras {

LayerResult import_dense(LayerContext& context) {
  graph::Builder& b = context.builder();
  const graph::Value x = context.input(2);
  const std::int64_t features = context.known_extent(x, context.shape(x).size() - 1);
  const std::int64_t units = context.config().positive("units");
  graph::Value z = b.make("matmul", {x, context.weight("kernel", {features, units})});
  if (context.config().flag("use_bias", true)) z = b.add(z, context.weight("bias", {units}));
  return fused_activation(context, z);
}

}  // namespace signxai::keras
