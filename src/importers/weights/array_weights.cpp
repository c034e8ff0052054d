// Listing and handing over of arrays in memory.
#include "importers/weights/array_weights.h"

#include <algorithm>
#include <set>

#include "base/nearest.h"

namespace signxai::keras {
namespace {

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "import", subject, message);
}

void check(const std::string& layer, const WeightArray& array) {
  const auto impossible = [](std::int64_t extent) { return extent < 0 || extent > kMaxExtent; };
  if (std::any_of(array.shape.begin(), array.shape.end(), impossible)) {
    refuse(layer, "weight '" + array.name + "' has an impossible shape, " + signxai::to_string(array.shape));
  }
  if (!array.data && element_count(array.shape) > 0) refuse(layer, "weight '" + array.name + "' has no data");
}

void collect_paths(const ModelDef& model, const std::string& prefix, std::set<std::string>& paths) {
  for (const LayerDef& layer : model.layers) {
    paths.insert(prefix + layer.name);
    if (layer.nested) collect_paths(*layer.nested, prefix + layer.name + "/", paths);
  }
}

}  // namespace

ArrayWeights::ArrayWeights(const std::vector<LayerWeights>& layers) {
  for (const LayerWeights& entry : layers) {
    if (!layers_.emplace(entry.layer, &entry).second) refuse(entry.layer, "weights are given twice for this layer");
    for (const WeightArray& array : entry.arrays) check(entry.layer, array);
  }
}

void ArrayWeights::require_layers_of(const ModelDef& model, const std::string& subject) const {
  std::set<std::string> paths;
  collect_paths(model, "", paths);
  for (const auto& [path, entry] : layers_) {
    if (entry->arrays.empty() || paths.count(path)) continue;
    const auto inner = std::find_if(paths.begin(), paths.end(), [&, &name = path](const std::string& known) {
      return known.ends_with("/" + name);
    });
    const std::string hint =
        inner != paths.end() ? "did you mean " + *inner + "?" : did_you_mean(path, {paths.begin(), paths.end()});
    refuse(subject,
           "weights are given for '" + path + "', but the model has no such layer" + (hint.empty() ? "" : "; " + hint));
  }
}

std::optional<std::vector<WeightInfo>> ArrayWeights::list(const WeightOwner& owner) {
  const auto it = layers_.find(owner.path);
  if (it == layers_.end()) return std::nullopt;
  std::vector<WeightInfo> weights;
  for (const WeightArray& array : it->second->arrays) weights.push_back({array.name, array.shape, weights.size()});
  return weights;
}

graph::Literal ArrayWeights::load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) {
  const WeightArray& array = layers_.at(owner.path)->arrays[info.id];
  if (array.owner) return graph::Literal(array.shape, std::shared_ptr<const float>(array.owner, array.data), name);
  const auto count = static_cast<std::size_t>(element_count(array.shape));
  return graph::Literal(array.shape, std::vector<float>(array.data, array.data + count), name);
}

std::string ArrayWeights::absence(const WeightOwner& owner) const {
  return "no weights are given for '" + owner.path + "'";
}

}  // namespace signxai::keras
