// Reading of Sequential and functional model configurations.
#include "importers/keras/model_def.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

#include "importers/corrupt.h"
#include "importers/keras/composition.h"
#include "importers/keras/inbound.h"
#include "importers/layers/layer.h"
#include "importers/operations/operation.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

using Document = std::shared_ptr<const Json>;

constexpr const char* kWaysOut =
    "state what it consists of with --custom-layers FILE, or by CustomLayers in C++ (docs/custom-layers.md)";

bool is_operation(const std::string& module) {
  return module.find(".ops.") != std::string::npos || module.ends_with(".ops");
}

/// HDF5 files of Keras 3 name no modules. All layers say whether they can be trained.
bool is_bare_operation(const Json& entry, const std::string& class_name) {
  if (entry.contains("module") || is_model_class(class_name)) return false;
  if (!find_operation(class_name) && find_layer(class_name)) return false;
  const Json* nodes = entry.contains("inbound_nodes") ? as_list(entry["inbound_nodes"]) : nullptr;
  const bool third = nodes && !nodes->empty() && is_keras3_call(nodes->front());
  return third && entry["config"].is_object() && !entry["config"].contains("trainable");
}

/// Part of a document that keeps the whole alive.
Document part(const Document& document, const Json& value) { return {document, &value}; }

/// Turns the configuration of one model into a ModelDef: names first, then references by name.
class ModelReader {
 public:
  ModelReader(std::string subject, const Compositions* custom) : subject_(std::move(subject)), custom_(custom) {}

  ModelDef read(const Document& document) {
    const Config top(*document, subject_);
    const std::string class_name = top.text("class_name");
    if (!is_model_class(class_name)) {
      throw Error(ErrorCode::kUnsupported, "import", subject_,
                  "the model is of class " + class_name + "; only Sequential and functional models can be read");
    }
    const Document config = part(document, top.at("config"));
    if (class_name == "Sequential") {
      read_sequential(config);
    } else {
      read_functional(config);
    }
    return std::move(model_);
  }

 private:
  void read_layers(const Document& document, const Json& entries) {
    const Json* list = as_list(entries);
    if (!list || list->empty()) corrupt(subject_, "the model has no layers");
    for (const Json& entry : *list) add_layer(document, entry);
  }

  void add_layer(const Document& document, const Json& entry) {
    const Config layer(entry, subject_);
    LayerDef def;
    def.class_name = layer.text("class_name");
    def.config = part(document, layer.at("config"));
    const std::string inner_name = def.config->is_object() ? Config(*def.config, subject_).text("name", "") : "";
    def.name = layer.text("name", inner_name);
    if (def.name.empty()) corrupt(subject_, "a layer of class " + def.class_name + " has no name");
    if (is_model_class(def.class_name)) {
      def.nested = std::make_shared<const ModelDef>(ModelReader(subject_of(def), custom_).read(part(document, entry)));
    }
    if (def.class_name == "TimeDistributed") read_wrapped(def);
    const std::string registered = layer.text("registered_name", "");
    def.refusal = foreign_reason(entry, subject_);
    if (def.class_name == "Pipeline" && def.refusal.empty()) read_pipeline(def);
    def.operation = is_operation(layer.text("module", "")) || is_bare_operation(entry, def.class_name) ||
                    wraps_function(def.class_name);
    if (def.operation) {
      const std::string name = operation_name(def.class_name, *def.config);
      def.refusal = find_operation(name) ? "" : unknown_operation(name);
    }
    const bool open = !find_layer(def.class_name) || is_of_applications(def.class_name);
    const bool custom = !def.nested && (!def.refusal.empty() || (!def.operation && open));
    const Composition* composition = custom && custom_ ? custom_->find(def.class_name, registered) : nullptr;
    if (composition) {
      def.refusal.clear();
      def.composed = true;
      def.nested = std::make_shared<const ModelDef>(compose(*composition, *custom_, *def.config, subject_of(def)));
    }
    if (def.class_name == "InputLayer" && def.config->is_object() && def.config->contains("batch_shape")) {
      model_.keras = 3;
    }
    if (def.nested && !def.composed) model_.keras = std::max(model_.keras, def.nested->keras);
    append(std::move(def));
  }

  /// A model inside a layer: its layers have weights of their own.
  void read_wrapped(LayerDef& def) {
    const Json* inner = def.config->is_object() ? Config(*def.config, subject_of(def)).find("layer") : nullptr;
    if (!inner || !inner->is_object() || !is_model_class(Config(*inner, subject_of(def)).text("class_name", "")))
      return;
    def.nested = std::make_shared<const ModelDef>(ModelReader(subject_of(def), custom_).read(part(def.config, *inner)));
    def.wraps = true;
  }

  /// To a prediction a Pipeline is a Sequential model of its layers. It has no shape of its own; that of a call counts.
  void read_pipeline(LayerDef& def) {
    Json config{{"name", def.name}, {"layers", Config(*def.config, subject_of(def)).at("layers")}};
    config["build_input_shape"] = Json::array({nullptr});
    const Json model{{"class_name", "Sequential"}, {"config", std::move(config)}};
    const auto document = std::make_shared<const Json>(model);
    def.nested = std::make_shared<const ModelDef>(ModelReader(subject_of(def), custom_).read(document));
  }

  void append(LayerDef def) {
    if (!index_.emplace(def.name, model_.layers.size()).second) {
      corrupt(subject_, "two layers have the name '" + def.name + "'");
    }
    model_.layers.push_back(std::move(def));
  }

  std::string subject_of(const LayerDef& layer) const { return layer.name + " (" + layer.class_name + ")"; }

  // Sequential -------------------------------------------------------------------------------------------------------

  void read_sequential(const Document& config) {
    model_.sequential = true;
    if (config->is_array()) {  // Keras before 2.2.3 wrote the bare list
      read_layers(config, *config);
      model_.name = "sequential";
    } else {
      const Config top(*config, subject_);
      model_.name = top.text("name", "sequential");
      read_layers(config, top.at("layers"));
    }
    if (model_.layers.front().class_name != "InputLayer") add_input_layer(config);
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      LayerDef& layer = model_.layers[i];
      if (layer.operation && layer.refusal.empty()) layer.refusal = "is an operation, which no Sequential model has";
      model_.layers[i].calls = {i == 0 ? std::vector<TensorRef>{} : std::vector<TensorRef>{{i - 1, 0, 0}}};
      if (i > 0 && model_.layers[i].class_name == "InputLayer") {
        corrupt(subject_, "InputLayer '" + model_.layers[i].name + "' is not the first layer of a Sequential model");
      }
    }
    model_.inputs = {{0, 0, 0}};
    model_.outputs = {{model_.layers.size() - 1, 0, 0}};
  }

  /// Keras adds the layer itself; its shape is noted in the first layer, in the model, or in a nested model's input.
  void add_input_layer(const Document& config) {
    const LayerDef& first = model_.layers.front();
    const ModelDef* nested = first.nested.get();
    const Json* shape = shape_in(*first.config);
    if (!shape) shape = shape_in(*config);
    while (!shape && nested) {
      const LayerDef& inner = nested->layers[nested->inputs.front().layer];
      shape = shape_in(*inner.config);
      nested = inner.nested.get();
    }
    if (!shape) {
      throw Error(ErrorCode::kUnsupported, "import", subject_,
                  "the file does not say what shape the input has; try building the model before saving it");
    }
    LayerDef input;
    input.class_name = "InputLayer";
    input.name = first.name + "_input";
    input.config = std::make_shared<const Json>(Json{{"name", input.name}, {"batch_input_shape", *shape}});
    if (!index_.emplace(input.name, 0).second) corrupt(subject_, "two layers have the name '" + input.name + "'");
    model_.layers.insert(model_.layers.begin(), std::move(input));
  }

  static const Json* shape_in(const Json& config) {
    if (!config.is_object()) return nullptr;
    for (const char* key : {"batch_shape", "batch_input_shape", "build_input_shape"}) {
      const auto it = config.find(key);
      if (it != config.end() && !it->is_null()) return &*it;
    }
    return nullptr;
  }

  // Functional -------------------------------------------------------------------------------------------------------

  void read_functional(const Document& document) {
    const Config config(*document, subject_);
    model_.name = config.text("name", "model");
    read_layers(document, config.at("layers"));
    const Json& entries = *as_list(config.at("layers"));
    std::vector<std::vector<InboundCall>> calls(model_.layers.size());
    for (std::size_t i = 0; i < model_.layers.size(); ++i) read_calls(model_.layers[i], entries[i], calls[i]);
    if (model_.keras == 3) renumber(calls);
    for (std::size_t i = 0; i < model_.layers.size(); ++i) resolve_calls(model_.layers[i], calls[i]);
    model_.inputs = read_endpoints(config, "input_layers");
    model_.outputs = read_endpoints(config, "output_layers");
    for (const LayerDef& layer : model_.layers) {
      for (const auto& call : layer.calls) {
        for (const TensorRef& ref : call) check(ref, layer.name);
      }
      for (const auto& [node, masks] : layer.masks) {
        for (const MaskRef& mask : masks) check(mask.of, layer.name);
      }
    }
    leave_out_masks();
    for (const TensorRef& ref : model_.inputs) {
      if (model_.layers[ref.layer].class_name != "InputLayer") {
        corrupt(subject_, "'input_layers' names '" + model_.layers[ref.layer].name + "', which is not an InputLayer");
      }
    }
  }

  void read_calls(LayerDef& layer, const Json& entry, std::vector<InboundCall>& calls) {
    const std::string subject = subject_of(layer);
    const Json* nodes = as_list(Config(entry, subject).at("inbound_nodes"));
    if (!nodes) corrupt(subject, "'inbound_nodes' is not a list");
    if (layer.class_name == "InputLayer") {
      calls = {{}};
      return;
    }
    for (const Json& node : *nodes) {
      if (is_keras3_call(node)) model_.keras = 3;
      calls.push_back(read_call(layer, node, subject));
      if (layer.refusal.empty()) layer.refusal = calls.back().refusal;
    }
  }

  static InboundCall read_call(const LayerDef& layer, const Json& node, const std::string& subject) {
    if (layer.operation) {
      const Operation* operation = find_operation(operation_name(layer.class_name, *layer.config));
      return operation ? read_operation(*operation, node, *layer.config, subject) : InboundCall{};
    }
    const LayerImporter* importer = find_layer(layer.class_name);
    const bool named = importer && !importer->arguments.empty();
    return named ? read_named_call(node, importer->arguments, subject) : read_inbound(node, subject);
  }

  void resolve_calls(LayerDef& layer, const std::vector<InboundCall>& calls) {
    for (const InboundCall& call : calls) {
      std::vector<TensorRef>& inputs = layer.calls.emplace_back();
      layer.arguments.push_back(call.arguments);
      if (!call.refusal.empty()) continue;
      for (const InboundRef& ref : in_order(layer, call.inputs)) {
        inputs.push_back(resolve(ref, false, subject_of(layer)));
      }
      for (const InboundMask& mask : call.masks) {
        layer.masks[layer.calls.size() - 1].push_back({mask.input, resolve(mask.ref, false, subject_of(layer))});
      }
    }
  }

  /// Operations that make masks and nothing else are no layers: the outputs depend on them by masks alone.
  void leave_out_masks() {
    std::set<std::size_t> used;
    std::vector<std::size_t> pending;
    for (const TensorRef& ref : model_.outputs) pending.push_back(ref.layer);
    while (!pending.empty()) {
      const std::size_t layer = pending.back();
      pending.pop_back();
      if (!used.insert(layer).second) continue;
      for (const auto& call : model_.layers[layer].calls) {
        for (const TensorRef& ref : call) pending.push_back(ref.layer);
      }
    }
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      model_.layers[i].masks_only = model_.layers[i].operation && !used.count(i);
    }
  }

  /// Inputs in the order in which the layer takes them: those of a dictionary belong to inputs by name.
  static std::vector<InboundRef> in_order(const LayerDef& layer, std::vector<InboundRef> inputs) {
    if (!layer.nested || layer.wraps) return inputs;
    std::vector<InboundRef> ordered;
    for (const TensorRef& input : layer.nested->inputs) {
      const std::string& name = layer.nested->layers[input.layer].name;
      const auto it = std::find_if(inputs.begin(), inputs.end(), [&](const InboundRef& r) { return r.key == name; });
      if (it != inputs.end()) ordered.push_back(*it);
    }
    return ordered.size() == inputs.size() ? ordered : inputs;
  }

  std::size_t index_of(const InboundRef& ref, const std::string& subject) const {
    const auto it = index_.find(ref.layer);
    if (it == index_.end()) corrupt(subject, "an input comes from layer '" + ref.layer + "', which does not exist");
    return it->second;
  }

  /// A model that is used as a layer had its first call when it was made, so its calls here are counted from one. Keras
  /// 3 does so in the model's inputs and outputs only, and there not for Sequential models.
  TensorRef resolve(const InboundRef& ref, bool endpoint, const std::string& subject) const {
    const std::size_t layer = index_of(ref, subject);
    const LayerDef& def = model_.layers[layer];
    const bool from_one =
        def.nested && !def.composed && !def.wraps && (model_.keras == 2 || (endpoint && !def.nested->sequential));
    if (from_one && ref.node == 0) corrupt(subject, "an input comes from call 0 of model '" + def.name + "'");
    return {layer, ref.node - (from_one ? 1 : 0), ref.tensor};
  }

  /// Versions of Keras before 3.1 count calls that are not of this model; all that are of it are referred to.
  void renumber(std::vector<std::vector<InboundCall>>& calls) const {
    std::map<std::string, std::set<std::size_t>> used;
    const auto each = [&](const auto& visit) {
      for (auto& layer : calls) {
        for (InboundCall& call : layer) {
          for (InboundRef& ref : call.inputs) visit(ref);
          for (InboundMask& mask : call.masks) visit(mask.ref);
        }
      }
    };
    each([&](const InboundRef& ref) { used[ref.layer].insert(ref.node); });
    each([&](InboundRef& ref) {
      const auto it = index_.find(ref.layer);
      const std::set<std::size_t>& nodes = used[ref.layer];
      if (it == index_.end() || *nodes.rbegin() < calls[it->second].size()) return;
      if (nodes.size() != calls[it->second].size()) return;
      ref.node = static_cast<std::size_t>(std::distance(nodes.begin(), nodes.find(ref.node)));
    });
  }

  /// [[layer, 0, 0], ...], one such entry bare, or a dictionary of them (in the order of its keys, as Keras has it).
  std::vector<TensorRef> read_endpoints(const Config& config, const char* key) {
    const Json& value = config.at(key);
    std::vector<TensorRef> refs;
    const Json* list = as_list(value);
    const bool bare = list && !list->empty() && (*list)[0].is_string();
    if (bare) {
      refs.push_back(endpoint(config, key, value));
    } else {
      if (!list && !value.is_object()) config.wrong(key, "a list of layers");
      for (const Json& entry : list ? *list : value) refs.push_back(endpoint(config, key, entry));
    }
    if (refs.empty()) config.wrong(key, "at least one layer");
    return refs;
  }

  TensorRef endpoint(const Config& config, const char* key, const Json& entry) const {
    const Json* list = as_list(entry);
    if (!list || list->size() < 3 || !(*list)[0].is_string()) config.wrong(key, "entries [layer, node, tensor]");
    const TensorRef ref = resolve(read_ref(*list, subject_), true, subject_);
    check(ref, key);
    return ref;
  }

  void check(const TensorRef& ref, const std::string& user) const {
    const LayerDef& layer = model_.layers[ref.layer];
    if (ref.node >= layer.calls.size()) {
      corrupt(subject_, "'" + user + "' takes call " + std::to_string(ref.node) + " of layer '" + layer.name +
                            "', which has " + std::to_string(layer.calls.size()));
    }
    // How many results a layer has is known when it is imported.
    const std::size_t tensors = layer.nested ? layer.nested->outputs.size() : ref.tensor + 1;
    if (ref.tensor >= tensors) {
      corrupt(subject_, "'" + user + "' takes result " + std::to_string(ref.tensor) + " of layer '" + layer.name +
                            "', which has " + std::to_string(tensors));
    }
  }

  std::string subject_;
  const Compositions* custom_;
  ModelDef model_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

std::string foreign_reason(const Json& entry, const std::string& subject) {
  const Config layer(entry, subject);
  const std::string registered = layer.text("registered_name", "");
  // Keras's own classes always have a module, or no such key at all in older forms.
  const bool of_main = entry.contains("module") && entry["module"].is_null() && !registered.empty();
  const std::string module = layer.text("module", of_main ? "__main__" : "keras");
  if (is_operation(module)) return unknown_operation(layer.text("class_name"));
  const auto within = [&](const char* package) { return (module + ".").starts_with(package); };
  const bool known = within("keras.") || within("tf_keras.") || within("tensorflow.") || within("builtins.");
  if (known && registered.find('>') == std::string::npos) return "";
  return "is a custom layer (" + (registered.empty() ? module : registered) + "), whose code is not in the file; " +
         kWaysOut;
}

bool is_model_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

ModelDef read_model(const std::shared_ptr<const Json>& document, const std::string& subject,
                    const Compositions* custom) {
  return ModelReader(subject, custom).read(document);
}

}  // namespace signxai::keras
