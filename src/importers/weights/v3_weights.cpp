// Which group belongs to which layer.
#include "importers/weights/v3_weights.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "importers/layers/layer.h"

namespace signxai::keras {
namespace {

constexpr const char* kContainers[] = {"layers", "_layer_checkpoint_dependencies"};

const hdf5::Object* container_of(const hdf5::Object& group) {
  for (const char* name : kContainers) {
    const hdf5::Object* container = group.find(name);
    if (container && container->is_group()) return container;
  }
  return nullptr;
}

bool holds_arrays(const hdf5::Object* object) {
  if (!object) return false;
  const auto& children = object->children;
  return object->dataset ||
         std::any_of(children.begin(), children.end(), [](const auto& c) { return holds_arrays(&c); });
}

/// Layers in Keras's `model.layers`, which leaves out the input of a Sequential model.
std::vector<const LayerDef*> saved_layers(const ModelDef& model) {
  std::vector<const LayerDef*> layers;
  for (const LayerDef& layer : model.layers) {
    if (model.sequential && &layer == &model.layers.front()) continue;
    layers.push_back(&layer);
  }
  return layers;
}

/// The name of the class itself, without the package it is registered in.
std::string group_class(const LayerDef& layer) {
  const std::string plain = layer.class_name.substr(layer.class_name.rfind('>') + 1);
  if (plain == "GroupQueryAttention") return "grouped_query_attention";  // in public by another name than in Keras
  return snake_case(plain == "Model" ? "Functional" : plain);
}

using Names = std::vector<std::string>;

/// Numbers per class in the order of the layers. Keras 2.12 visits layers that have weights twice, and counts both.
Names number(const std::vector<const LayerDef*>& layers, const hdf5::Object& container, bool twice) {
  Names names;
  std::map<std::string, std::size_t> next;
  for (const LayerDef* layer : layers) {
    const std::string base = group_class(*layer);
    std::size_t& count = next[base];
    names.push_back(count == 0 ? base : base + "_" + std::to_string(count));
    count += twice && holds_arrays(container.find(names.back())) ? 2 : 1;
  }
  return names;
}

/// Whether every group in the container is one of these.
bool explains(const Names& names, const hdf5::Object& container) {
  const std::set<std::string> known(names.begin(), names.end());
  return std::all_of(container.children.begin(), container.children.end(),
                     [&](const hdf5::Object& child) { return known.count(child.name) != 0 || !holds_arrays(&child); });
}

/// The layer or cell inside another one that has that group, as configurations have it; null where there is none.
const Json* inner_entry(const Json& config, const std::string& group) {
  if (!config.is_object()) return nullptr;
  auto entry = config.find(group);
  const bool of_wrapped = entry == config.end() || entry->is_null();  // both directions are made of one layer
  if (of_wrapped && group.ends_with("_layer")) entry = config.find("layer");
  return entry != config.end() && entry->is_object() ? &*entry : nullptr;
}

void collect_entry(const hdf5::Object& group, const Json* entry, std::vector<const hdf5::Object*>& found);

/// The cells of a StackedRNNCells, in their order.
void collect_cells(const hdf5::Object& cells, const Json& config, std::vector<const hdf5::Object*>& found) {
  const Json* list = config.is_object() && config.contains("cells") ? as_list(config["cells"]) : nullptr;
  std::map<std::string, std::size_t> next;
  for (const Json& cell : list ? *list : Json::array()) {
    const auto name = cell.is_object() ? cell.find("class_name") : cell.end();
    if (!cell.is_object() || name == cell.end() || !name->is_string()) continue;
    const std::string base = snake_case(name->get<std::string>());
    const std::size_t count = next[base]++;
    const hdf5::Object* own = cells.find(count == 0 ? base : base + "_" + std::to_string(count));
    if (own && own->is_group()) collect_entry(*own, &cell, found);
  }
}

/// A layer's own group "vars", then those of the inner layers and cells that hold its weights.
void collect_variables(const hdf5::Object& group, const std::string& class_name, const Json& config,
                       std::vector<const hdf5::Object*>& found) {
  const hdf5::Object* own = group.find("vars");
  if (own && own->is_group()) found.push_back(own);
  if (const hdf5::Object* cells = group.find("cells")) collect_cells(*cells, config, found);
  const LayerImporter* importer = find_layer(class_name);
  if (!importer) return;
  for (const std::string_view name : importer->parts) {
    const std::string part(name);
    const hdf5::Object* inner = group.find(part);  // Keras 3
    if (!inner) inner = group.find("_" + part);    // Keras 2.12
    if (inner && inner->is_group()) collect_entry(*inner, inner_entry(config, part), found);
  }
}

void collect_entry(const hdf5::Object& group, const Json* entry, std::vector<const hdf5::Object*>& found) {
  static const Json kNone = Json::object();
  const auto member = [&](const char* key) { return entry && entry->contains(key) ? &(*entry)[key] : &kNone; };
  const Json* name = member("class_name");
  collect_variables(group, name->is_string() ? name->get<std::string>() : "", *member("config"), found);
}

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

/// The position behind the lower-case letters that begin at `at`.
std::size_t behind_lower(const std::string& text, std::size_t at) {
  while (at < text.size() && is_lower(text[at])) ++at;
  return at;
}

}  // namespace

std::string snake_case(const std::string& name) {
  std::string words;  // a word begins with a capital letter and goes on with small ones
  for (std::size_t i = 0; i < name.size();) {
    const bool word = i + 2 < name.size() && is_upper(name[i + 1]) && is_lower(name[i + 2]);
    const std::size_t end = word ? behind_lower(name, i + 2) : i + 1;
    words += name.substr(i, 1) + (word ? "_" + name.substr(i + 1, end - i - 1) : "");
    i = end;
  }
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
    if (i + 1 < words.size() && is_lower(words[i]) && is_upper(words[i + 1])) result += '_';
  }
  return result;
}

bool holds_v3_weights(const hdf5::File& file) { return container_of(file.root()) != nullptr; }

V3Weights::V3Weights(hdf5::File file, const ModelDef& model) : reader_(std::move(file)) {
  find_groups(model, "", reader_.file().root());
}

void V3Weights::find_groups(const ModelDef& model, const std::string& prefix, const hdf5::Object& group) {
  const hdf5::Object* container = container_of(group);
  if (!container) return;  // layers that need weights will miss them
  const std::vector<const LayerDef*> layers = saved_layers(model);
  Names names = number(layers, *container, false);
  if (!explains(names, *container)) names = number(layers, *container, true);
  if (!explains(names, *container)) {
    std::string found;
    for (const hdf5::Object& child : container->children) found += (found.empty() ? "" : ", ") + child.name;
    throw Error(ErrorCode::kCorruptFile, "import", reader_.file().path(),
                "'" + container->path + "' has the groups " + found.substr(0, 400) +
                    ", which are not those of the layers of '" + prefix + model.name + "'; is it of another model?");
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const hdf5::Object* found = container->find(names[i]);
    if (found) assign(*layers[i], prefix + layers[i]->name, *found);
  }
}

void V3Weights::assign(const LayerDef& layer, const std::string& path, const hdf5::Object& group) {
  if (!layers_.emplace(path, &group).second) {
    throw Error(ErrorCode::kUnsupported, "import", path, "two layers of the model have this path");
  }
  const bool plain = !layer.nested;  // the layers of a model have groups of their own
  collect_variables(group, plain ? layer.class_name : "", *layer.config, groups_[path]);
  if (layer.wraps) {
    if (const hdf5::Object* inner = group.find("layer")) find_groups(*layer.nested, path + "/", *inner);
    return;
  }
  if (layer.nested && !layer.composed) find_groups(*layer.nested, path + "/", group);
  if (!layer.composed) return;
  for (const LayerDef& step : layer.nested->layers) {  // found by the names of the class's attributes
    const hdf5::Object* found = step.saved_as.empty() ? nullptr : group.find(step.saved_as);
    if (found && found->is_group()) assign(step, path + "/" + step.name, *found);
  }
}

std::vector<const hdf5::Object*> V3Weights::arrays(const WeightOwner& owner) const {
  std::vector<const hdf5::Object*> found;
  const auto it = groups_.find(owner.path);
  if (it == groups_.end()) return found;
  for (const hdf5::Object* vars : it->second) {
    for (std::size_t i = 0; i < vars->children.size(); ++i) {
      const hdf5::Object* array = vars->find(std::to_string(i));
      if (array && array->dataset) {
        found.push_back(array);
        continue;
      }
      throw Error(ErrorCode::kCorruptFile, "import", owner.subject,
                  "'" + vars->path + "' of " + reader_.file().path() + " does not consist of arrays 0, 1, 2 ...");
    }
  }
  return found;
}

std::optional<std::vector<WeightInfo>> V3Weights::list(const WeightOwner& owner) {
  if (!holds(owner)) return std::nullopt;
  std::vector<WeightInfo> weights;
  for (const hdf5::Object* array : arrays(owner)) {
    weights.push_back({array->path, array->dataset->shape, weights.size()});
  }
  if (weights.empty() && !inner_groups(owner).empty()) return std::nullopt;
  return weights;
}

graph::Literal V3Weights::load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) {
  return reader_.read(*arrays(owner)[info.id], name);
}

/// Names of the groups with arrays below a layer's own.
std::string V3Weights::inner_groups(const WeightOwner& owner) const {
  const auto it = layers_.find(owner.path);
  std::string names;
  if (it == layers_.end()) return names;
  for (const hdf5::Object& child : it->second->children) {
    if (child.name != "vars" && holds_arrays(&child)) names += (names.empty() ? "" : ", ") + child.name;
  }
  return names;
}

std::string V3Weights::absence(const WeightOwner& owner) const {
  const std::string inner = inner_groups(owner);
  if (!inner.empty()) {
    return "the layer has no weights of its own in " + reader_.file().path() + ", but groups " + inner +
           "; a composition finds them by the names of its layers, or by \"saved_as\"";
  }
  return "the weights file " + reader_.file().path() + " has no group for this layer; is it of another model?";
}

}  // namespace signxai::keras
