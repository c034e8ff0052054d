// Masks and softmax of attention scores.
#include "importers/layers/attention/scores.h"

#include <cstdlib>

namespace signxai::keras {

using graph::Builder;
using graph::Ints;
using graph::Value;

bool flag_of_call(const LayerContext& context, const char* name) { return context.options().flag(name, false); }

Value position_mask(LayerContext& context, Value queries, Value keys, bool causal, std::int64_t window) {
  if (!causal && window == 0) return {};
  const std::int64_t rows = context.shape(queries)[1], columns = context.shape(keys)[1];
  if (rows == graph::kOpen || columns == graph::kOpen) {
    context.refuse("masks by position (" + std::string(causal ? "causal" : "sliding_window") +
                   ") over sequences of open length; try saving the model with a fixed length");
  }
  if (rows > 4096 || columns > 4096) {
    context.refuse("masks by position over more than 4096 positions are not supported; got " + std::to_string(rows) +
                   " and " + std::to_string(columns));
  }
  std::vector<float> mask;
  for (std::int64_t t = 0; t < rows; ++t) {
    for (std::int64_t s = 0; s < columns; ++s) {
      const bool seen = (!causal || s <= t) && (window == 0 || std::abs(t - s) < window);
      mask.push_back(seen ? 1.0f : 0.0f);
    }
  }
  return context.builder().constant(graph::Literal({1, rows, columns}, std::move(mask)));
}

Value both_masks(Builder& b, Value first, Value second) {
  if (!first || !second) return first ? first : second;
  return b.make("minimum", {first, second});
}

Value along_scores(LayerContext& context, Value mask, bool rows) {
  if (!mask) return {};
  const Shape& shape = context.shape(mask);
  if (shape.size() != 2) {
    context.refuse("takes a mask of shape " + signxai::to_string(shape) + "; supported are masks [batch, steps]");
  }
  return context.builder().reshape(mask, rows ? Shape{0, 0, 1} : Shape{0, 1, -1});
}

Value masked(Builder& b, Value scores, Value mask) {
  const Value hidden = b.make("equal", {mask, b.constant(0.0)});  // no derivative
  return b.sub(scores, b.mul(hidden, b.constant(1e9)));
}

Value softmax(Builder& b, Value scores, std::size_t count) {
  const auto rank = static_cast<std::int64_t>(b.shape(scores).size());
  Ints axes;
  for (std::int64_t i = rank - static_cast<std::int64_t>(count); i < rank; ++i) axes.push_back(i);
  const Value exponentials = b.unary("exp", b.sub(scores, b.reduce("reduce_max", scores, axes, true)));
  return b.div(exponentials, b.reduce("reduce_sum", exponentials, axes, true));
}

}  // namespace signxai::keras
