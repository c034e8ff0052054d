// Selection as graph operations.
#include "reverse/selection.h"

namespace signxai::reverse {

graph::Value Selection::apply(graph::Builder& builder, graph::Value tensor) const {
  switch (kind_) {
    case Kind::kAll: return tensor;
    case Kind::kMax: return builder.reduce("reduce_max", tensor, {1}, true);
    case Kind::kIndex: break;
  }
  const graph::Value flat = builder.reshape(tensor, {0, -1});
  const std::int64_t neurons = builder.shape(flat)[1];
  const graph::Value chosen = builder.make("one_hot", {targets_}, {{"depth", neurons}});
  return builder.reduce("reduce_sum", builder.mul(flat, chosen), {1}, true);
}

graph::Value Selection::weigh(graph::Builder& builder, graph::Value output, graph::Value signal) const {
  if (weights_) {
    const graph::Value flat = builder.mul(builder.reshape(signal, {0, -1}), weights_);
    return builder.reshape(flat, builder.shape(signal));
  }
  return expression_ ? builder.mul(signal, expression_->derivative(builder, output)) : signal;
}

}  // namespace signxai::reverse
