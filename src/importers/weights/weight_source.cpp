// Matching of a layer's weights by position, with the checks that go before reading.
#include "importers/weights/weight_source.h"

namespace signxai::keras {
namespace {

std::string names_of(const std::vector<WeightInfo>& weights) {
  constexpr std::size_t kMost = 12;
  std::string names;
  for (std::size_t i = 0; i < weights.size() && i < kMost; ++i) {
    const std::string& name = weights[i].name;
    names += (i ? ", " : "") + (name.empty() ? signxai::to_string(weights[i].shape) : name);
  }
  return weights.empty() ? "none" : weights.size() > kMost ? names + ", ..." : names;
}

/// "inner/kernel:0", or "outer/inner/kernel:0" where the inner model was built by the call of the outer one.
bool belongs_to(const std::string& weight, const std::string& layer) {
  return weight.starts_with(layer + "/") || weight.find("/" + layer + "/") != std::string::npos;
}

}  // namespace

void ListedWeights::fail(const WeightOwner& owner, const std::string& message) const {
  throw Error(code(), "import", owner.subject, message);
}

const ListedWeights::Layer& ListedWeights::layer_of(const WeightOwner& owner) {
  const auto it = layers_.find(owner.path);
  if (it != layers_.end()) return it->second;
  Layer layer;
  if (auto weights = list(owner)) layer = {true, std::move(*weights)};
  return layers_.emplace(owner.path, std::move(layer)).first->second;
}

std::vector<Shape> ListedWeights::shapes(const WeightOwner& owner) {
  std::vector<Shape> shapes;
  for (const WeightInfo& info : layer_of(owner).weights) shapes.push_back(info.shape);
  return shapes;
}

graph::Literal ListedWeights::read(const WeightOwner& owner, std::size_t position, const std::string& role,
                                   const Shape& expected) {
  const Layer& layer = layer_of(owner);
  if (!layer.found) fail(owner, absence(owner));
  if (position >= layer.weights.size()) {
    fail(owner,
         "weight '" + role + "', " + signxai::to_string(expected) + ", is missing; got: " + names_of(layer.weights));
  }
  const WeightInfo& info = layer.weights[position];
  if (info.shape != expected) {
    fail(owner, "weight '" + role + "'" + (info.name.empty() ? "" : " (" + info.name + ")") +
                    " has the wrong shape; got " + signxai::to_string(info.shape) + ", expected " +
                    signxai::to_string(expected));
  }
  const auto key = std::make_pair(owner.path, position);
  const auto it = loaded_.find(key);
  if (it != loaded_.end()) return it->second;
  return loaded_.emplace(key, load(owner, info, owner.path + "/" + role)).first->second;
}

void ListedWeights::finish(const WeightOwner& owner, std::size_t used) {
  const std::vector<WeightInfo>& weights = layer_of(owner).weights;
  if (weights.size() > used) {
    fail(owner, "there are more weights than the layer has; got " + std::to_string(weights.size()) + " (" +
                    names_of(weights) + "), expected " + std::to_string(used));
  }
}

std::optional<std::vector<WeightInfo>> GroupedWeights::list(const WeightOwner& owner) {
  auto it = groups_.find(owner.group);
  if (it == groups_.end()) it = groups_.emplace(owner.group, list_group(owner.group)).first;
  if (!it->second) return std::nullopt;
  std::vector<WeightInfo> weights;
  // The group of a nested model lists trainable weights first, so only names tell the layers apart; within one layer
  // the order is the layer's own either way.
  for (std::size_t i = 0; i < it->second->size(); ++i) {
    const WeightInfo& info = (*it->second)[i];
    if (!owner.nested || belongs_to(info.name, owner.layer)) weights.push_back({info.name, info.shape, i});
  }
  return weights;
}

graph::Literal GroupedWeights::load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) {
  return load_from(owner.group, info.id, name);
}

std::string GroupedWeights::absence(const WeightOwner& owner) const {
  return "the weights file has no group '" + owner.group + "'; is it of another model?";
}

}  // namespace signxai::keras
