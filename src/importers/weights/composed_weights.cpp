// Places of the parts' weights in the custom layer's list.
#include "importers/weights/composed_weights.h"

#include <algorithm>
#include <set>

#include "importers/layers/layer.h"

namespace signxai::keras {
namespace {

bool is_state(const std::string& role) {
  static const std::set<std::string> kStates{"moving_mean", "moving_variance", "mean", "variance", "count"};
  return kStates.count(role.substr(role.rfind('/') + 1)) != 0;
}

/// How many of a layer's weights are state.
std::size_t own_states(const LayerDef& layer) {
  const LayerImporter* importer = find_layer(layer.class_name);
  if (importer && importer->kind == graph::LayerKind::kBatchNorm) return 2;
  if (layer.class_name == "Normalization") return Config(*layer.config, layer.name).has("mean") ? 0 : 3;
  return 0;
}

}  // namespace

ComposedWeights::ComposedWeights(WeightSource& source, const WeightOwner& whole, const ModelDef& parts, bool frozen)
    : source_(source), whole_(whole), frozen_(frozen) {
  for (const LayerDef& part : parts.layers) parts_[part.name] = &part;
  const std::size_t count = source_.count(whole_), state = states(parts, whole_.path + "/");
  next_state_ = count > state ? count - state : 0;
}

/// Of the parts that take their weights from the custom layer's list, in order.
std::size_t ComposedWeights::states(const ModelDef& parts, const std::string& prefix) {
  std::size_t total = 0;
  for (const LayerDef& part : parts.layers) {
    WeightOwner owner = whole_;
    owner.path = prefix + part.name;
    if (part.weights || source_.holds(owner)) continue;
    total += part.nested ? states(*part.nested, owner.path + "/") : own_states(part);
  }
  return total;
}

std::size_t ComposedWeights::place(const LayerDef& part, std::size_t position, const std::string& role,
                                   const WeightOwner& owner) {
  if (part.weights) {
    if (position < part.weights->size()) return (*part.weights)[position];
    throw Error(
        ErrorCode::kInvalidArgument, "import", owner.subject,
        "the composition names " + std::to_string(part.weights->size()) + " weights; '" + role + "' is one more");
  }
  return !frozen_ && is_state(role) ? next_state_++ : next_++;
}

graph::Literal ComposedWeights::read(const WeightOwner& owner, std::size_t position, const std::string& role,
                                     const Shape& expected) {
  if (source_.holds(owner)) return source_.read(owner, position, role, expected);
  WeightOwner list = whole_;
  list.subject = owner.subject;
  ++used_;
  return source_.read(list, place(*parts_.at(owner.layer), position, role, owner), owner.layer + "/" + role, expected);
}

void ComposedWeights::finish(const WeightOwner& owner, std::size_t used) {
  if (source_.holds(owner)) return source_.finish(owner, used);
  const LayerDef& part = *parts_.at(owner.layer);
  if (part.weights && part.weights->size() > used) {
    throw Error(ErrorCode::kInvalidArgument, "import", owner.subject,
                "the composition names " + std::to_string(part.weights->size()) + " weights; the layer has " +
                    std::to_string(used));
  }
}

std::size_t ComposedWeights::count(const WeightOwner& owner) {
  if (source_.holds(owner)) return source_.count(owner);
  const LayerDef& part = *parts_.at(owner.layer);
  return part.weights ? part.weights->size() : 0;
}

void ComposedWeights::close() { source_.finish(whole_, used_); }

}  // namespace signxai::keras
