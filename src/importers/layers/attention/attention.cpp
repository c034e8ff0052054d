// Attention and AdditiveAttention: softmax(scores) value, where the scores are
//     query key^T scale,  concat_weight sum(tanh(scale (query + key))),  or  sum(scale tanh(query + key)).
// The value's mask hides steps, that of the query makes its steps 0 in the result.
#include "importers/layers/attention/scores.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Value;

struct Operands {
  Value query, value, key;
};

Operands operands_of(LayerContext& context) {
  const std::vector<Value> given = context.argument("inputs");
  if (given.size() < 2 || given.size() > 3) {
    context.corrupt("got " + std::to_string(given.size()) +
                    " inputs, expected query and value, or query, value and key");
  }
  for (const Value x : given) {
    if (context.shape(x).size() != 3)
      context.refuse("takes inputs of 3 axes with the batch; got " + signxai::to_string(context.shape(x)));
  }
  return {given[0], given[1], given.back() == given[1] || given.size() == 2 ? given[1] : given[2]};
}

/// [N, T, 1, D] + [N, 1, S, D]
Value pairwise_sum(LayerContext& context, const Operands& o) {
  graph::Builder& b = context.builder();
  const std::int64_t features = context.known_extent(o.query, 2);
  const Value rows = b.reshape(o.query, {0, 0, 1, features});
  const Value columns = b.reshape(o.key, {0, 1, -1, context.known_extent(o.key, 2)});
  return b.add(rows, columns);
}

Value sum_of_features(graph::Builder& b, Value x) { return b.reduce("reduce_sum", x, {3}, false); }

LayerResult attended(LayerContext& context, const Operands& o, Value scores) {
  const bool causal = flag_of_call(context, "use_causal_mask") || context.config().flag("causal", false);
  graph::Builder& b = context.builder();
  const Value positions = position_mask(context, o.query, o.key, causal, 0);
  const Value visible = both_masks(b, along_scores(context, context.mask(1), false), positions);
  const Value weights = softmax(b, visible ? masked(b, scores, visible) : scores, 1);
  Value y = b.make("matmul", {weights, o.value});
  if (const Value kept = along_scores(context, context.mask(0), true)) y = b.select(kept, y, b.constant(0.0));
  LayerResult result = LayerResult::plain(y);
  if (flag_of_call(context, "return_attention_scores")) result.more = {weights};
  return result;
}

}  // namespace

LayerResult import_attention(LayerContext& context) {
  const Config& config = context.config();
  graph::Builder& b = context.builder();
  const Operands o = operands_of(context);
  const Value scale = config.flag("use_scale", false) ? context.weight("scale", {}) : Value{};
  if (config.choice("score_mode", {"dot", "concat"}, "dot") == "dot") {
    Value scores = b.make("matmul", {o.query, o.key}, {{"transpose_b", std::int64_t{1}}});
    if (scale) scores = b.mul(scores, scale);
    return attended(context, o, scores);
  }
  Value sum = pairwise_sum(context, o);
  if (scale) sum = b.mul(scale, sum);
  const Value weight = context.weight("concat_score_weight", {});
  return attended(context, o, b.mul(weight, sum_of_features(b, b.unary("tanh", sum))));
}

LayerResult import_additive_attention(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Operands o = operands_of(context);
  Value curve = b.unary("tanh", pairwise_sum(context, o));
  if (context.config().flag("use_scale", true)) {
    curve = b.mul(context.weight("scale", {context.known_extent(o.value, 2)}), curve);
  }
  return attended(context, o, sum_of_features(b, curve));
}

}  // namespace signxai::keras
