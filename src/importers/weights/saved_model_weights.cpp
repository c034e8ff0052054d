// Which object is which layer.
#include "importers/weights/saved_model_weights.h"

#include "signxai/error.h"

namespace signxai::keras {

SavedModelWeights::SavedModelWeights(tensorflow::SavedModel& saved, const ModelDef& model) : saved_(saved) {
  find_objects(model, "", 0);
}

/// The objects "layer-0", "layer-1" ... of a model by the names of the layers that they are.
std::map<std::string, int> SavedModelWeights::layers_in(int object) const {
  std::map<std::string, int> found;
  if (object < 0) return found;
  for (const auto& child : saved_.objects().nodes(object).children()) {
    const auto metadata = saved_.metadata().find(child.node_id());
    if (!child.local_name().starts_with("layer") || metadata == saved_.metadata().end()) continue;
    const Json document = parse_json(metadata->second, saved_.subject());
    const std::string name = Config(document, saved_.subject()).text("name", "");
    found.emplace(name, child.node_id());
  }
  return found;
}

void SavedModelWeights::find_objects(const ModelDef& model, const std::string& prefix, int object) {
  const std::map<std::string, int> known = layers_in(object);
  for (const LayerDef& layer : model.layers) {
    const auto it = known.find(layer.name);
    if (it == known.end()) continue;  // a layer that needs weights will miss them
    objects_[prefix + layer.name] = it->second;
    if (!layer.nested || layer.composed) continue;
    find_objects(*layer.nested, prefix + layer.name + "/",
                 layer.wraps ? saved_.child(it->second, "layer") : it->second);
  }
}

std::optional<std::vector<WeightInfo>> SavedModelWeights::list(const WeightOwner& owner) {
  const auto it = objects_.find(owner.path);
  if (it == objects_.end()) return std::nullopt;
  std::vector<WeightInfo> weights;
  for (const int variable : saved_.variables(it->second)) {
    weights.push_back({saved_.objects().nodes(variable).variable().name(), saved_.shape(variable),
                       static_cast<std::size_t>(variable)});
  }
  return weights;
}

graph::Literal SavedModelWeights::load(const WeightOwner&, const WeightInfo& info, const std::string& name) {
  return saved_.read(static_cast<int>(info.id), name);
}

std::string SavedModelWeights::absence(const WeightOwner&) const {
  return saved_.subject() + " has no object for this layer; is its keras_metadata.pb of another model?";
}

std::vector<std::string> SavedModelWeights::notes() const {
  return saved_.has_variables() ? saved_.bundle().notes() : std::vector<std::string>{};
}

}  // namespace signxai::keras
