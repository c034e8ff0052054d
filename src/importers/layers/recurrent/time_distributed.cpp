// TimeDistributed: a layer or a model applied to each step. Steps become samples where the extents are known; else the
// layer is the region of a scan without carries.
#include <algorithm>
#include <memory>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;
using Apply = std::function<Value(Builder&, Value)>;

bool is_known(const Shape& shape) { return std::count(shape.begin() + 1, shape.end(), graph::kOpen) == 0; }

Value as_samples(Builder& b, Value x, const Apply& apply) {
  const Shape shape = b.shape(x);
  Shape samples(shape.begin() + 1, shape.end());
  samples[0] = -1;
  const Value y = apply(b, b.reshape(x, samples));
  Shape steps = b.shape(y);
  steps[0] = shape[1];
  steps.insert(steps.begin(), -1);
  return b.reshape(y, steps);
}

Value step_by_step(Builder& b, Value x, const Apply& apply) {
  Shape step = b.shape(x);
  step.erase(step.begin() + 1);
  Builder body;
  body.output("step", apply(body, body.input("step", step)));
  const Value tuple = b.make("scan", {x},
                             {{"body", std::make_shared<const graph::Graph>(body.take())},
                              {"carries", std::int64_t{0}},
                              {"sequences", std::int64_t{1}}});
  return b.make("get", {tuple}, {{"index", std::int64_t{0}}});
}

Value apply_layer(LayerContext& context, Builder& builder, Value input) {
  const LayerResult result = context.inner(context.config().at("layer"), builder, {input});
  const bool masks = std::any_of(result.masks.begin(), result.masks.end(), [](Value mask) { return bool(mask); });
  if (!result.more.empty()) context.refuse("wraps a layer with several outputs; supported are layers with one");
  if (masks) context.refuse("wraps a layer that makes a mask of its own; supported are layers that do not");
  return result.output;
}

}  // namespace

LayerResult import_time_distributed(LayerContext& context) {
  if (context.inputs().size() > 1) context.refuse("has several inputs; supported is one");
  const Value x = context.input(3);
  const Apply apply = [&](Builder& b, Value input) {
    return context.inner_model() ? context.inner_model()(b, input) : apply_layer(context, b, input);
  };
  Builder& b = context.builder();
  LayerResult result =
      LayerResult::plain(is_known(context.shape(x)) ? as_samples(b, x, apply) : step_by_step(b, x, apply));
  result.masks = {context.mask()};
  return result;
}

}  // namespace signxai::keras
