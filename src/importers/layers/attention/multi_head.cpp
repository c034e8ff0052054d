// MultiHeadAttention and GroupQueryAttention (Vaswani et al. 2017; Ainslie et al. 2023): dense projections of query,
// key and value to heads, softmax(q k^T / sqrt(d)) v in each head, and a dense projection of all heads together.
#include <algorithm>
#include <cmath>

#include "importers/layers/attention/einsum.h"
#include "importers/layers/attention/scores.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Value;

/// Names of axes.
std::string letters(std::size_t count, char first = 'a') {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(first + static_cast<char>(i));
  return text;
}

class Heads {
 public:
  /// Keras's MultiHeadAttention has no use for a `query_mask` that is an argument, and `keeps_masks` is false.
  Heads(LayerContext& context, bool keeps_masks)
      : context_(context), b_(context.builder()), bias_(context.config().flag("use_bias", true)) {
    query = one("query");
    value = one("value");
    const std::vector<Value> given = context.argument("key");
    key = given.empty() ? value : one("key");
    query_mask_ =
        keeps_masks ? context.mask(context.index_of("query")) : context.carried_mask(context.index_of("query"));
    for (const Value x : {query, value, key}) {
      if (context.shape(x).size() < 3 || context.shape(x).size() != context.shape(query).size()) {
        context.refuse("takes query, value and key of equally many axes, 3 or more with the batch; got " +
                       signxai::to_string(context.shape(x)));
      }
    }
  }

  Value query, value, key;

  /// The last `bound` axes of x by a kernel to the extents `to`, with a bias over these.
  Value project(const std::string& role, Value x, std::size_t bound, const Shape& to) {
    const std::size_t rank = context_.shape(x).size();
    const std::string axes = letters(rank), summed = axes.substr(rank - bound), made = letters(to.size(), 'A');
    Shape kernel;
    for (std::size_t i = rank - bound; i < rank; ++i) kernel.push_back(context_.known_extent(x, i));
    kernel.insert(kernel.end(), to.begin(), to.end());
    const Equation equation{axes, summed + made, axes.substr(0, rank - bound) + made};
    const Value projected = einsum(b_, equation, x, context_.weight(role + "/kernel", kernel));
    return bias_ ? b_.add(projected, context_.weight(role + "/bias", to)) : projected;
  }

  /// The attended values of projected query, key and value, [N, axes..., heads, features] each, over `axes`.
  Value attend(Value q, Value k, Value v, const std::vector<std::size_t>& axes, std::int64_t features) {
    const std::size_t rank = context_.shape(q).size();
    const std::string of_query = letters(rank);
    std::string of_key = of_query, batch, rows, columns;
    for (std::size_t i = 0; i + 1 < rank; ++i) {
      if (std::find(axes.begin(), axes.end(), i) == axes.end()) batch += of_query[i];
    }
    for (std::size_t i = 0; i < axes.size(); ++i) {
      of_key[axes[i]] = static_cast<char>('A' + static_cast<char>(i));
      rows += of_query[axes[i]];
      columns += of_key[axes[i]];
    }
    const std::string product = batch + rows + columns;
    const Value scaled = b_.mul(q, b_.constant(1.0 / std::sqrt(static_cast<double>(features))));
    const Value scores = einsum(b_, {of_query, of_key, product}, scaled, k);
    weights_ = weights_of(scores, axes.size());
    return einsum(b_, {product, of_key, of_query}, weights_, v);
  }

  /// The whole layer's result: the output, and the weights of the values where the call asks for them. It carries the
  /// mask that the query carries.
  LayerResult result(Value output) const {
    LayerResult made = LayerResult::plain(output);
    made.masks = {context_.carried_mask(context_.index_of("query"))};
    if (returns_scores()) made.more = {weights_};
    return made;
  }

  Value gated(Value attended) { return gate_ ? b_.mul(attended, b_.unary("sigmoid", gate_)) : attended; }

  /// To be called between the projections of key and value, as the file has the weights in that order.
  void read_gate(std::int64_t heads, std::int64_t features) {
    if (context_.config().flag("use_gate", false)) gate_ = project("gate", query, 1, {heads, features});
  }

 private:
  Value one(const char* name) const {
    const std::vector<Value> given = context_.argument(name);
    if (given.size() != 1)
      context_.corrupt("got " + std::to_string(given.size()) + " tensors as " + name + ", expected 1");
    return given.front();
  }

  bool returns_scores() const { return flag_of_call(context_, "return_attention_scores"); }

  /// Keras 2 subtracts from hidden scores, so that a query to which all is hidden sees everything alike and keeps its
  /// derivative. Keras 3 replaces them, and where it does not use a fused kernel nothing is seen by such a query.
  Value weights_of(Value scores, std::size_t axes) {
    const Value visible = visible_to(b_.shape(scores).size(), axes);
    if (!visible) return softmax(b_, scores, axes);
    if (context_.config().keras() != 3) return softmax(b_, masked(b_, scores, visible), axes);
    const Value weights = softmax(b_, b_.select(visible, scores, b_.constant(-1e9)), axes);
    const bool fused =
        context_.config().number("dropout", 0.0) == 0.0 && !returns_scores() && b_.shape(scores).size() == 4;
    return fused ? weights : b_.select(visible, weights, b_.constant(0.0));
  }

  /// All masks together, aligned with scores of that rank; invalid where there is none.
  Value visible_to(std::size_t rank, std::size_t axes) {
    const bool causal = flag_of_call(context_, "use_causal_mask");
    const std::int64_t window =
        context_.config().has("sliding_window") ? context_.config().positive("sliding_window") : 0;
    Value visible = position_mask(context_, query, value, causal, window);
    visible = both_masks(b_, visible, along_scores(context_, query_mask_, true));
    for (const char* name : {"value", "key"}) {
      visible = both_masks(b_, visible, along_scores(context_, context_.mask(context_.index_of(name)), false));
    }
    if (visible && axes != 1) context_.refuse("masks over several attention axes are not supported");
    const std::vector<Value> given = context_.argument("attention_mask");
    if (visible) visible = before_heads(visible, rank, 2);
    return given.empty() ? visible
                         : both_masks(b_, visible, before_heads(differs(b_, given.front(), 0, false), rank, 2 * axes));
  }

  /// A mask [N, (axes,) T, S] gets axes of extent 1 in front of its last `last` axes, up to `rank`.
  Value before_heads(Value mask, std::size_t rank, std::size_t last) {
    const Shape shape = b_.shape(mask);
    if (shape.size() < last || shape.size() > rank) {
      context_.refuse("an attention mask of shape " + signxai::to_string(shape) + " does not fit scores with " +
                      std::to_string(rank) + " axes");
    }
    const std::size_t front = shape.size() - last;
    Shape target(front, 0);
    target.resize(rank - last, 1);
    for (std::size_t i = front; i < shape.size(); ++i) target.push_back(shape[i]);
    return shape.size() == rank ? mask : b_.reshape(mask, target);
  }

  LayerContext& context_;
  graph::Builder& b_;
  bool bias_;
  Value query_mask_, gate_, weights_;
};

/// Where the attention is over, of a projected query; all axes between batch and heads by default.
std::vector<std::size_t> attention_axes(const LayerContext& context, std::size_t rank) {
  std::vector<std::size_t> axes;
  if (!context.config().has("attention_axes")) {
    for (std::size_t i = 1; i + 2 < rank; ++i) axes.push_back(i);
    return axes;
  }
  for (const std::int64_t axis : context.config().integers("attention_axes")) {
    const std::size_t index = context.axis(axis, rank - 1, "attention_axes");
    if (index + 2 >= rank || std::find(axes.begin(), axes.end(), index) != axes.end()) {
      context.config().wrong("attention_axes", "different axes between the batch and the features");
    }
    axes.push_back(index);
  }
  return axes;
}

Shape output_shape(const LayerContext& context, Value query) {
  if (!context.config().has("output_shape")) return {context.known_extent(query, context.shape(query).size() - 1)};
  const Shape shape = context.config().integers("output_shape");
  if (shape.empty() || std::any_of(shape.begin(), shape.end(), [](auto n) { return n < 1 || n > kMaxExtent; })) {
    context.config().wrong("output_shape", "positive extents");
  }
  return shape;
}

/// Each head `times` times, one copy behind the other.
Value repeated(graph::Builder& b, Value x, std::int64_t heads, std::int64_t times, std::int64_t features) {
  if (times == 1) return x;
  const Value apart = b.broadcast(b.reshape(x, {0, 0, heads, 1, features}), {0, 0, 0, times, 0});
  return b.reshape(apart, {0, 0, heads * times, features});
}

}  // namespace

LayerResult import_multi_head_attention(LayerContext& context) {
  const Config& config = context.config();
  const std::int64_t heads = config.positive("num_heads"), key_dim = config.positive("key_dim");
  const std::int64_t value_dim = config.positive("value_dim", key_dim);
  Heads h(context, false);
  const Value q = h.project("query", h.query, 1, {heads, key_dim});
  const Value k = h.project("key", h.key, 1, {heads, key_dim});
  h.read_gate(heads, value_dim);
  const Value v = h.project("value", h.value, 1, {heads, value_dim});
  const Value attended = h.attend(q, k, v, attention_axes(context, context.shape(q).size()), key_dim);
  LayerResult result = h.result(h.project("attention_output", h.gated(attended), 2, output_shape(context, h.query)));
  result.takes_masks = config.keras() == 3;
  return result;
}

LayerResult import_group_query_attention(LayerContext& context) {
  const Config& config = context.config();
  graph::Builder& b = context.builder();
  const std::int64_t heads = config.positive("num_query_heads"), groups = config.positive("num_key_value_heads");
  const std::int64_t features = config.positive("head_dim"), times = heads / groups;
  if (heads % groups != 0) config.wrong("num_key_value_heads", "a divisor of num_query_heads");
  Heads h(context, true);
  if (context.shape(h.query).size() != 3) context.refuse("takes inputs of 3 axes with the batch");
  const Value q = h.project("query", h.query, 1, {heads, features});
  const Value k = repeated(b, h.project("key", h.key, 1, {groups, features}), groups, times, features);
  h.read_gate(heads, features);
  const Value v = repeated(b, h.project("value", h.value, 1, {groups, features}), groups, times, features);
  const Value attended = h.attend(q, k, v, {1}, features);
  return h.result(h.project("attention_output", h.gated(attended), 2, {context.known_extent(h.query, 2)}));
}

}  // namespace signxai::keras
