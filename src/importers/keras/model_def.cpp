// Reading of Sequential and functional model configurations of Keras 2.x.
#include "importers/keras/model_def.h"

#include <unordered_map>

#include "signxai/error.h"

namespace signxai::keras {
namespace {

using Document = std::shared_ptr<const Json>;

[[noreturn]] void corrupt(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kCorruptFile, "import", subject, message);
}

/// Part of a document that keeps the whole alive.
Document part(const Document& document, const Json& value) { return {document, &value}; }

/// Turns the configuration of one model into a ModelDef: names first, then references by name.
class Reader {
 public:
  explicit Reader(std::string subject) : subject_(std::move(subject)) {}

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
      def.nested = std::make_shared<const ModelDef>(Reader(subject_of(def)).read(part(document, entry)));
    }
    const std::string registered = layer.text("registered_name", "");
    if (registered.starts_with("Custom>")) def.refusal = "is a custom layer (" + registered + ")";
    append(std::move(def));
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
    for (const char* key : {"batch_input_shape", "build_input_shape"}) {
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
    for (std::size_t i = 0; i < model_.layers.size(); ++i) read_calls(model_.layers[i], entries[i]);
    model_.inputs = read_endpoints(config, "input_layers");
    model_.outputs = read_endpoints(config, "output_layers");
    for (const LayerDef& layer : model_.layers) {
      for (const auto& call : layer.calls) {
        for (const TensorRef& ref : call) check(ref, layer.name);
      }
    }
    for (const TensorRef& ref : model_.inputs) {
      if (model_.layers[ref.layer].class_name != "InputLayer") {
        corrupt(subject_, "'input_layers' names '" + model_.layers[ref.layer].name + "', which is not an InputLayer");
      }
    }
  }

  void read_calls(LayerDef& layer, const Json& entry) {
    const std::string subject = subject_of(layer);
    const Json* nodes = as_list(Config(entry, subject).at("inbound_nodes"));
    if (!nodes) corrupt(subject, "'inbound_nodes' is not a list");
    if (layer.class_name == "InputLayer") {
      layer.calls = {{}};
      return;
    }
    for (const Json& node : *nodes) {
      if (node.is_object()) {
        throw Error(ErrorCode::kUnsupported, "import", subject,
                    "the configuration was written by Keras 3; this version reads files of Keras 2.x");
      }
      layer.calls.push_back(read_call(layer, node));
    }
  }

  /// [[layer, node, tensor, kwargs], ...], or one such entry bare.
  std::vector<TensorRef> read_call(LayerDef& layer, const Json& node) {
    const std::string subject = subject_of(layer);
    const Json* list = as_list(node);
    if (!list || list->empty()) corrupt(subject, "an inbound node is " + brief(node) + "; expected a list of inputs");
    std::vector<TensorRef> inputs;
    if ((*list)[0].is_string()) return {read_ref(layer, *list)};
    for (const Json& input : *list) inputs.push_back(read_ref(layer, input));
    return inputs;
  }

  TensorRef read_ref(LayerDef& layer, const Json& input) {
    const std::string subject = subject_of(layer);
    const Json* list = as_list(input);
    if (!list || list->size() < 3 || !(*list)[0].is_string()) {
      corrupt(subject, "an input is " + brief(input) + "; expected [layer, node, tensor]");
    }
    if ((*list)[0] == "_CONSTANT_VALUE") {
      layer.refusal = "is called with a constant as input";
      return {};
    }
    if (list->size() > 3) check_arguments(layer, (*list)[3]);
    return to_ref((*list), subject);
  }

  /// Anything but inference without a mask would change what the layer computes.
  static void check_arguments(LayerDef& layer, const Json& arguments) {
    if (!arguments.is_object()) return;
    for (const auto& [key, value] : arguments.items()) {
      const bool harmless = value.is_null() || (key == "training" && (value == false || value == 0));
      if (!harmless) layer.refusal = "is called with the argument " + key + "=" + brief(value);
    }
  }

  TensorRef to_ref(const Json& list, const std::string& subject) const {
    const auto it = index_.find(list[0].get<std::string>());
    if (it == index_.end())
      corrupt(subject, "an input comes from layer '" + list[0].get<std::string>() + "', which does not exist");
    std::size_t numbers[2];
    for (std::size_t i = 0; i < 2; ++i) {
      const Json& value = list[i + 1];
      if (!value.is_number_unsigned()) corrupt(subject, "an input is " + brief(list) + "; expected two indices");
      numbers[i] = value.get<std::size_t>();
    }
    // A model that is used as a layer had its first call when it was made, so its calls here are counted from one.
    const bool nested = model_.layers[it->second].nested != nullptr;
    if (nested && numbers[0] == 0) corrupt(subject, "an input comes from call 0 of model '" + it->first + "'");
    return {it->second, numbers[0] - (nested ? 1 : 0), numbers[1]};
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
    const TensorRef ref = to_ref(*list, subject_);
    check(ref, key);
    return ref;
  }

  void check(const TensorRef& ref, const std::string& user) const {
    const LayerDef& layer = model_.layers[ref.layer];
    if (ref.node >= layer.calls.size()) {
      corrupt(subject_, "'" + user + "' takes call " + std::to_string(ref.node) + " of layer '" + layer.name +
                            "', which has " + std::to_string(layer.calls.size()));
    }
    const std::size_t tensors = layer.nested ? layer.nested->outputs.size() : 1;
    if (ref.tensor >= tensors) {
      corrupt(subject_, "'" + user + "' takes result " + std::to_string(ref.tensor) + " of layer '" + layer.name +
                            "', which has " + std::to_string(tensors));
    }
  }

  std::string subject_;
  ModelDef model_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

bool is_model_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

ModelDef read_model(const std::shared_ptr<const Json>& document, const std::string& subject) {
  return Reader(subject).read(document);
}

}  // namespace signxai::keras
