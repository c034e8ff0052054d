// BatchNormalization in inference: (x - moving_mean) * scale + beta, with scale = gamma / sqrt(moving_variance +
// epsilon) rounded to float32 as TensorFlow does, because relevance divides by y and by x - moving_mean.
#include <cmath>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Literal;
using graph::Value;

Literal make_scale(const Literal* gamma, const Literal& variance, float epsilon) {
  std::vector<float> scale(static_cast<std::size_t>(variance.size()));
  for (std::size_t i = 0; i < scale.size(); ++i) {
    const float inverse = 1.0f / std::sqrt(variance.data()[i] + epsilon);
    scale[i] = gamma ? inverse * gamma->data()[i] : inverse;
  }
  return Literal(variance.shape(), std::move(scale));
}

/// Which axis holds the features. Old files have a number, newer ones a list of one.
std::size_t feature_axis(const LayerContext& context, std::size_t rank) {
  const Config& config = context.config();
  const graph::Ints axes = config.has("axis") ? config.integers("axis") : graph::Ints{-1};
  if (axes.size() != 1) context.refuse("normalizes over several axes, which is not supported");
  return context.axis(axes[0], rank, "axis");
}

}  // namespace

LayerResult import_batch_normalization(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Config& config = context.config();
  const Value x = context.input(2);
  const std::size_t rank = context.shape(x).size(), axis = feature_axis(context, rank);
  const std::int64_t features = context.known_extent(x, axis);
  // Weights get the shape in which they broadcast against x, whatever axis that is.
  Shape aligned(rank - axis, 1);
  aligned[0] = features;
  const auto read = [&](const std::string& role) {
    const Literal literal = context.literal(role, {features});
    Literal view(aligned, literal.storage(), literal.name());
    context.add_weight(role, b.constant(view));
    return view;
  };
  std::optional<Literal> gamma, beta;
  if (config.flag("scale", true)) gamma = read("gamma");
  if (config.flag("center", true)) beta = read("beta");
  const Literal mean = read("moving_mean"), variance = read("moving_variance");
  const auto epsilon = static_cast<float>(config.number("epsilon", 1e-3));
  const Literal scale = make_scale(gamma ? &*gamma : nullptr, variance, epsilon);
  Value y = b.mul(b.sub(x, b.constant(mean)), b.constant(scale));
  if (beta) y = b.add(y, b.constant(*beta));
  return LayerResult::plain(y);
}

}  // namespace signxai::keras
