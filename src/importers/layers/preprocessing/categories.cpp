// Discretization (the number of the bin that a value lies in) and CategoryEncoding: steps, which have no derivative
// anywhere, so that neither gradients nor relevance reach their inputs.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

constexpr const char* kNothingArrives = "is a step function; gradients and relevance of what it takes are 0";

/// Categories [N, ...] by one of the modes. `weights`: of each category, for "count"; may be invalid.
Value encode(LayerContext& context, Value categories, const std::string& mode, std::int64_t depth, Value weights = {}) {
  Builder& b = context.builder();
  const Shape shape = context.shape(categories);
  if (shape.size() < 2) context.refuse("takes an input without axes beside the batch");
  if (mode == "one_hot" && shape.back() == 1) {
    Shape without(shape.size() - 1, 0);
    return b.make("one_hot", {b.reshape(categories, without)}, {{"depth", depth}});
  }
  Value hot = b.make("one_hot", {categories}, {{"depth", depth}});
  if (mode == "one_hot") return hot;
  if (shape.size() > 2) {
    context.refuse("output_mode '" + mode + "' is supported for inputs [N, categories]; got " +
                   signxai::to_string(shape));
  }
  if (weights) hot = b.mul(hot, b.reshape(weights, {0, 0, 1}));
  return b.reduce(mode == "count" ? "reduce_sum" : "reduce_max", hot, {1}, false);
}

/// `bin_boundaries`, in float32 as Keras compares with them.
std::vector<float> boundaries(const LayerContext& context) {
  const Config& config = context.config();
  if (!config.has("bin_boundaries")) {
    context.refuse(
        "was adapted, and has its boundaries in its state only; supported are bin_boundaries in the "
        "configuration; try setting them when the layer is made");
  }
  const std::vector<double> numbers = config.numbers("bin_boundaries");
  if (numbers.empty() || !std::is_sorted(numbers.begin(), numbers.end())) {
    config.wrong("bin_boundaries", "numbers in ascending order");
  }
  return {numbers.begin(), numbers.end()};
}

}  // namespace

LayerResult import_category_encoding(LayerContext& context) {
  const Config& config = context.config();
  std::string mode = config.choice("output_mode", {"one_hot", "multi_hot", "count", "binary"}, "multi_hot");
  if (mode == "binary") mode = "multi_hot";
  const std::vector<Value> inputs = context.argument("inputs"), weights = context.argument("count_weights");
  const bool weighted = weights.size() == 1 && context.inputs().size() == 2 && inputs.size() == 1;
  if (weighted && mode != "count") context.corrupt("has count_weights, which only the output_mode 'count' takes");
  const Value categories = weighted ? inputs[0] : context.input();
  context.note(kNothingArrives);
  return LayerResult::plain(
      encode(context, categories, mode, config.positive("num_tokens"), weighted ? weights[0] : Value{}));
}

/// A value on a boundary lies above it.
LayerResult import_discretization(LayerContext& context) {
  Builder& b = context.builder();
  const std::string mode = context.config().choice("output_mode", {"int", "one_hot", "multi_hot", "count"}, "int");
  const Value x = context.input(1, 6);
  const std::vector<float> bounds = boundaries(context);
  const auto count = static_cast<std::int64_t>(bounds.size());
  Shape apart(context.shape(x).size(), 0);
  apart.push_back(1);
  const Value passed = b.make("greater_equal", {b.reshape(x, apart), b.constant(graph::Literal({count}, bounds))});
  const Value bin = b.reduce("reduce_sum", passed, {static_cast<std::int64_t>(apart.size()) - 1}, false);
  context.note(kNothingArrives);
  return LayerResult::plain(mode == "int" ? bin : encode(context, bin, mode, count + 1));
}

}  // namespace signxai::keras
