// What layer importers share: input checks, weights, layouts.
#include "importers/layers/layer.h"

#include <algorithm>

#include "importers/keras/model_def.h"
#include "signxai/error.h"

namespace signxai::keras {

using graph::Ints;
using graph::Value;

LayerContext::LayerContext(graph::Builder& builder, const Config& config, WeightSource& source, WeightOwner owner,
                           std::vector<Value> inputs, std::vector<std::string>& notes)
    : builder_(builder),
      weights_builder_(&builder),
      config_(config),
      source_(source),
      owner_(std::move(owner)),
      inputs_(std::move(inputs)),
      notes_(notes) {}

void LayerContext::refuse(const std::string& reason) const {
  throw Error(ErrorCode::kUnsupported, "import", owner_.subject, reason);
}

void LayerContext::corrupt(const std::string& message) const {
  throw Error(ErrorCode::kCorruptFile, "import", owner_.subject, message);
}

Value LayerContext::input(std::size_t min_rank, std::size_t max_rank) const {
  if (inputs_.size() != 1) corrupt("got " + std::to_string(inputs_.size()) + " inputs, expected 1");
  const std::size_t rank = shape(inputs_[0]).size();
  if (rank >= min_rank && rank <= max_rank) return inputs_[0];
  const std::string range = std::to_string(min_rank) + (max_rank > min_rank ? " to " + std::to_string(max_rank) : "");
  corrupt("the input has the wrong number of axes; got " + signxai::to_string(shape(inputs_[0])) + ", expected " +
          range + " with the batch");
}

std::vector<Value> LayerContext::argument(std::string_view name) const {
  std::vector<Value> found;
  for (std::size_t i = 0; i < inputs_.size() && i < call_.names.size(); ++i) {
    if (call_.names[i] == name) found.push_back(inputs_[i]);
  }
  return found;
}

std::size_t LayerContext::index_of(std::string_view name) const {
  const auto found = std::find(call_.names.begin(), call_.names.end(), name);
  return std::min(inputs_.size(), static_cast<std::size_t>(found - call_.names.begin()));
}

std::int64_t LayerContext::known_extent(Value value, std::size_t axis) const {
  const std::int64_t extent = shape(value)[axis];
  if (extent == graph::kOpen) {
    corrupt("axis " + std::to_string(axis) + " of the input must be known; got " + signxai::to_string(shape(value)));
  }
  return extent;
}

std::size_t LayerContext::axis(std::int64_t keras_axis, std::size_t rank, std::string_view key) const {
  const auto count = static_cast<std::int64_t>(rank);
  const std::int64_t index = keras_axis < 0 ? keras_axis + count : keras_axis;
  if (keras_axis < -count || index >= count) {
    config_.wrong(key, "an axis of an input with " + std::to_string(rank) + " axes");
  }
  if (index == 0) refuse("works along the batch axis");
  return static_cast<std::size_t>(index);
}

graph::Literal LayerContext::literal(const std::string& role, const Shape& expected) {
  return source_.read(owner_, taken_++, role, expected);
}

graph::Literal LayerContext::noted(const std::string& role, const Shape& expected) {
  graph::Literal numbers = literal(role, expected);
  add_weight(role, weights_builder_->constant(numbers));
  return numbers;
}

Value LayerContext::weight(const std::string& role, const Shape& expected) {
  return builder_.constant(noted(role, expected));
}

void LayerContext::refuse_foreign(const Json& entry) const {
  const std::string reason = foreign_reason(entry, owner_.subject);
  if (!reason.empty()) refuse(reason);
}

std::vector<graph::Weight> LayerContext::finish() {
  if (!inner_model_) source_.finish(owner_, taken_);
  return std::move(weights_);
}

LayerContext LayerContext::inner_context(const Config& config, const std::string& class_name, graph::Builder& builder,
                                         std::vector<Value> inputs) {
  WeightOwner owner = owner_;
  owner.subject = owner_.path + "/" + config.text("name", class_name) + " (" + class_name + ")";
  LayerContext context(builder, config, source_, std::move(owner), std::move(inputs), notes_);
  context.weights_builder_ = weights_builder_;
  context.taken_ = taken_;
  return context;
}

LayerContext LayerContext::inner_context(const Config& config, const std::string& class_name, WeightSource& source) {
  WeightOwner owner = owner_;
  owner.subject = owner_.path + "/" + config.text("name", class_name) + " (" + class_name + ")";
  LayerContext context(builder_, config, source, std::move(owner), inputs_, notes_);
  context.weights_builder_ = weights_builder_;
  context.suppress_head_ = suppress_head_;
  context.carried_masks_ = carried_masks_, context.given_masks_ = given_masks_;
  return context;
}

void LayerContext::close_inner(LayerContext& inner) { close_inner(inner, inner.taken_); }

void LayerContext::close_inner(LayerContext& inner, std::size_t taken) {
  taken_ = taken;
  weights_.insert(weights_.end(), inner.weights_.begin(), inner.weights_.end());
}

LayerResult LayerContext::inner(const Json& entry, graph::Builder& builder, std::vector<Value> inputs) {
  const Config form(entry, owner_.subject, config_.keras());
  const std::string class_name = form.text("class_name");
  const Config config(form.at("config"), owner_.path + " (" + class_name + ")", config_.keras());
  LayerContext context = inner_context(config, class_name, builder, std::move(inputs));
  const LayerImporter* importer = find_layer(class_name);
  context.refuse_foreign(entry);
  if (!importer) context.refuse("layers of this class are not supported inside another layer");
  LayerResult result = importer->import(context);
  close_inner(context);
  return result;
}

Value differs(graph::Builder& b, Value value, double number, bool any) {
  const Value differ = b.sub(b.constant(1.0), b.make("equal", {value, b.constant(number)}));
  if (!any) return differ;
  return b.reduce("reduce_max", differ, {static_cast<std::int64_t>(b.shape(value).size()) - 1}, false);
}

bool channels_first(const LayerContext& context) {
  const Config& config = context.config();
  return config.choice("data_format", {"channels_last", "channels_first"}, "channels_last") == "channels_first";
}

Value to_channels_last(graph::Builder& builder, Value value) {
  Ints perm{0};
  const auto rank = static_cast<std::int64_t>(builder.shape(value).size());
  for (std::int64_t i = 2; i < rank; ++i) perm.push_back(i);
  perm.push_back(1);
  return builder.make("transpose", {value}, {{"perm", perm}});
}

Value to_channels_first(graph::Builder& builder, Value value) {
  const auto rank = static_cast<std::int64_t>(builder.shape(value).size());
  Ints perm{0, rank - 1};
  for (std::int64_t i = 1; i + 1 < rank; ++i) perm.push_back(i);
  return builder.make("transpose", {value}, {{"perm", perm}});
}

}  // namespace signxai::keras
