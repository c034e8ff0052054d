// One layer per call; names that come twice get a number.
#include "importers/nodes/model_builder.h"

namespace signxai::keras {

std::optional<std::vector<WeightInfo>> NodeWeights::list(const WeightOwner& owner) {
  const auto it = layers_.find(owner.path);
  if (it == layers_.end()) return std::nullopt;
  std::vector<WeightInfo> weights;
  for (const graph::Literal& weight : it->second) weights.push_back({weight.name(), weight.shape(), weights.size()});
  return weights;
}

graph::Literal NodeWeights::load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) {
  const graph::Literal& weight = layers_.at(owner.path)[info.id];
  return {weight.shape(), weight.storage(), name};
}

std::string NodeWeights::absence(const WeightOwner& owner) const {
  return "the file has no weights for '" + owner.path + "'";
}

ModelBuilder::ModelBuilder(std::string name, int keras) {
  model_.name = std::move(name);
  model_.keras = keras;
}

LayerDef& ModelBuilder::next(const std::string& name, std::string class_name, Json config) {
  LayerDef& layer = model_.layers.emplace_back();
  layer.name = name;
  for (std::size_t& number = names_[name]; !taken_.insert(layer.name).second;) {
    layer.name = name + "_" + std::to_string(++number);
  }
  layer.class_name = std::move(class_name);
  layer.config = std::make_shared<const Json>(std::move(config));
  layer.calls.emplace_back();
  return layer;
}

TensorRef ModelBuilder::input(const std::string& name, const Shape& shape) {
  Json extents = Json::array();
  for (const std::int64_t extent : shape) extents.push_back(extent < 0 ? Json() : Json(extent));
  next(name, "InputLayer", {{"batch_shape", extents}});
  const TensorRef made{model_.layers.size() - 1};
  model_.inputs.push_back(made);
  return made;
}

TensorRef ModelBuilder::constant(const std::string& name, graph::Literal value) {
  next(name, "Constant", Json::object()).constant = std::move(value);
  return {model_.layers.size() - 1};
}

TensorRef ModelBuilder::add(NodeCall call, bool operation) {
  LayerDef& layer = next(call.name, std::move(call.class_name), std::move(call.config));
  layer.operation = operation;
  layer.calls.front() = std::move(call.inputs);
  layer.arguments = {std::move(call.arguments)};
  if (!call.weights.empty()) weights_.add(layer.name, std::move(call.weights));
  return {model_.layers.size() - 1};
}

TensorRef ModelBuilder::refused(NodeCall call, std::string reason) {
  const TensorRef made = add(std::move(call), false);
  model_.layers[made.layer].refusal = std::move(reason);
  return made;
}

void ModelBuilder::add_bias(const TensorRef& of, graph::Literal bias) {
  LayerDef& layer = model_.layers[of.layer];
  Json config = *layer.config;
  config["use_bias"] = true;
  layer.config = std::make_shared<const Json>(std::move(config));
  weights_.append(layer.name, std::move(bias));
}

}  // namespace signxai::keras
