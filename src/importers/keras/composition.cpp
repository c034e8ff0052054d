// Parsing of compositions, and putting in of values.
#include "importers/keras/composition.h"

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "importers/layers/layer.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

constexpr int kMaxDepth = 16;

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "import", subject, message);
}

void check_keys(const Json& object, const std::vector<std::string>& known, const std::string& subject) {
  if (!object.is_object()) refuse(subject, "is " + brief(object) + "; expected an object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string hint = did_you_mean(key, known);
    refuse(subject, "has the unknown key '" + key + "'" + (hint.empty() ? "" : "; " + hint));
  }
}

std::vector<std::string> names_in(const Json& object, const char* key, std::vector<std::string> fallback,
                                  const std::string& subject) {
  const auto it = object.find(key);
  if (it == object.end()) return fallback;
  std::vector<std::string> names;
  for (const Json& name : it->is_array() ? *it : Json::array({*it})) {
    if (!name.is_string())
      refuse(subject, std::string("'") + key + "' is " + brief(*it) + "; expected a list of names");
    names.push_back(name.get<std::string>());
  }
  if (names.empty()) refuse(subject, std::string("'") + key + "' is empty; expected at least one name");
  return names;
}

std::string text_in(const Json& object, const char* key, const std::string& subject) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string() || it->get<std::string>().empty()) {
    refuse(subject, std::string("'") + key + "' is missing or no text");
  }
  return it->get<std::string>();
}

std::vector<std::size_t> indices_in(const Json& value, const std::string& subject) {
  std::vector<std::size_t> indices;
  for (const Json& index : value) {
    if (!index.is_number_unsigned()) refuse(subject, "'weights' is " + brief(value) + "; expected a list of indices");
    indices.push_back(index.get<std::size_t>());
  }
  return indices;
}

Step parse_step(const Json& json, const std::vector<std::string>& previous, const std::string& subject) {
  check_keys(json, {"name", "class_name", "inputs", "config", "if", "weights", "saved_as"}, subject);
  Step step;
  step.name = text_in(json, "name", subject);
  step.class_name = text_in(json, "class_name", subject);
  const std::string inner = subject + "/" + step.name;
  if (step.name.find('/') != std::string::npos) refuse(inner, "has a slash in its name");
  if (step.class_name == "InputLayer" || step.class_name == "Lambda") {
    refuse(inner, "is of class " + step.class_name + ", which cannot be part of a composition");
  }
  step.inputs = names_in(json, "inputs", previous, inner);
  step.config = json.value("config", Json::object());
  if (!step.config.is_object()) refuse(inner, "'config' is " + brief(step.config) + "; expected an object");
  step.condition = json.value("if", Json(true));
  if (json.contains("weights")) step.weights = indices_in(json["weights"], inner);
  step.saved_as = json.contains("saved_as") ? text_in(json, "saved_as", inner) : step.name;
  return step;
}

void require_known(const std::vector<std::string>& names, const std::set<std::string>& known,
                   const std::string& subject) {
  for (const std::string& name : names) {
    if (known.count(name)) continue;
    const std::string hint = did_you_mean(name, {known.begin(), known.end()});
    refuse(subject, "refers to '" + name + "', which is neither an input nor a layer before it" +
                        (hint.empty() ? "" : "; " + hint));
  }
}

/// The value behind "key" or "key/inner key" in a configuration, or nullptr.
const Json* look_up(const Json& config, const std::string& path) {
  const Json* value = &config;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (!value->is_object()) return nullptr;
    const auto it = value->find(path.substr(at, end - at));
    if (it == value->end()) return nullptr;
    value = &*it;
    at = end + 1;
  }
  return value;
}

/// A copy in which every {"$config": key} is replaced.
Json put_in(const Json& pattern, const Json& config, const std::string& subject) {
  if (pattern.is_object() && pattern.contains("$config")) {
    check_keys(pattern, {"$config", "default"}, subject);
    const std::string key = text_in(pattern, "$config", subject);
    if (const Json* value = look_up(config, key)) return *value;
    if (pattern.contains("default")) return pattern["default"];
    std::string keys;
    for (const auto& [name, value] : config.items()) keys += (keys.empty() ? "" : ", ") + name;
    refuse(subject, "takes '" + key + "' from the configuration, which has only " + keys + "; try a \"default\"");
  }
  if (!pattern.is_structured()) return pattern;
  Json result = pattern;
  for (auto& element : result) element = put_in(Json(element), config, subject);
  return result;
}

bool is_off(const Json& condition) { return condition.is_null() || condition == false || condition == 0; }

}  // namespace

const Composition* Compositions::find(const std::string& class_name, const std::string& registered_name) const {
  for (const std::string& name : {registered_name, class_name, class_name.substr(class_name.rfind('>') + 1)}) {
    const auto it = classes.find(name);
    if (it != classes.end()) return &it->second;
  }
  return nullptr;
}

Composition parse_composition(const Json& json, const std::string& subject) {
  check_keys(json, {"inputs", "layers", "outputs"}, subject);
  Composition result;
  result.inputs = names_in(json, "inputs", {"input"}, subject);
  std::set<std::string> known(result.inputs.begin(), result.inputs.end());
  if (known.size() != result.inputs.size()) refuse(subject, "names an input twice");
  if (!json.contains("layers") || !json["layers"].is_array() || json["layers"].empty()) {
    refuse(subject, "has no \"layers\"");
  }
  std::vector<std::string> previous = result.inputs;
  for (const Json& entry : json["layers"]) {
    Step step = parse_step(entry, previous, subject);
    require_known(step.inputs, known, subject + "/" + step.name);
    if (!known.insert(step.name).second) refuse(subject, "uses the name '" + step.name + "' twice");
    previous = {step.name};
    result.steps.push_back(std::move(step));
  }
  result.outputs = names_in(json, "outputs", previous, subject);
  require_known(result.outputs, known, subject);
  return result;
}

ModelDef compose(const Composition& composition, const Compositions& all, const Json& layer_config,
                 const std::string& subject, int depth) {
  if (depth > kMaxDepth) refuse(subject, "the compositions contain each other");
  ModelDef model;
  model.name = subject;
  std::map<std::string, TensorRef> values;
  const auto append = [&](LayerDef layer) {
    values[layer.name] = {model.layers.size(), 0, 0};
    model.layers.push_back(std::move(layer));
  };
  for (const std::string& input : composition.inputs) {
    LayerDef layer;
    layer.name = input;
    layer.class_name = "InputLayer";
    layer.config = std::make_shared<const Json>(Json::object());
    layer.calls = {{}};
    append(std::move(layer));
    model.inputs.push_back(values[input]);
  }
  for (const Step& step : composition.steps) {
    const std::string inner = subject + "/" + step.name;
    if (is_off(put_in(step.condition, layer_config, inner))) {
      values[step.name] = values[step.inputs.front()];
      continue;
    }
    LayerDef layer;
    layer.name = step.name;
    layer.class_name = step.class_name;
    layer.config = std::make_shared<const Json>(put_in(step.config, layer_config, inner));
    std::vector<TensorRef>& inputs = layer.calls.emplace_back();
    for (const std::string& input : step.inputs) inputs.push_back(values[input]);
    layer.weights = step.weights;
    layer.saved_as = step.saved_as;
    const Composition* own = find_layer(step.class_name) ? nullptr : all.find(step.class_name, "");
    if (own) {
      const auto named = [](const Step& part) { return part.weights.has_value(); };
      if (!step.weights && std::any_of(own->steps.begin(), own->steps.end(), named)) {
        refuse(inner, "consists of layers that name their weights; say here too which \"weights\" it has");
      }
      layer.composed = true;
      layer.nested = std::make_shared<const ModelDef>(compose(*own, all, *layer.config, inner, depth + 1));
    }
    append(std::move(layer));
  }
  for (const std::string& output : composition.outputs) model.outputs.push_back(values[output]);
  return model;
}

}  // namespace signxai::keras
