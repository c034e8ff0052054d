// `signxai inspect`: the layers of a network, the rule an LRP method gives each, or a compiled graph as text.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "console.h"
#include "options.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  ModelOptions model;
  MethodOptions methods;
  ComputeOptions compute;
  std::string stage;
  bool json = false;
};

/// Rules per layer for each method that has rules.
struct Rules {
  std::string method;
  std::vector<std::string> per_layer;
};

std::vector<MethodRequest> fitting_requests(const InspectOptions& options, const Explainer& explainer) {
  std::vector<Shape> shapes;
  for (const PortInfo& port : explainer.model().inputs()) shapes.push_back(port.shape);
  return options.methods.fitting(options.methods.requests(), explainer, shapes);
}

std::vector<Rules> rules_of(const InspectOptions& options, const Model& model) {
  std::vector<Rules> rules;
  const Explainer explainer(model, options.compute.options);
  const std::vector<MethodRequest> requests = fitting_requests(options, explainer);
  for (const MethodRequest& request : requests) {
    std::vector<std::string> per_layer = explainer.layer_rules(request);
    if (per_layer.empty()) say("note: " + request.name + " has no rules per layer");
    if (!per_layer.empty()) rules.push_back({request.name, std::move(per_layer)});
  }
  return rules;
}

Json ports_of(const std::vector<PortInfo>& ports) {
  Json list = Json::array();
  for (const PortInfo& port : ports) list.push_back({{"name", port.name}, {"shape", port.shape}});
  return list;
}

std::string text_of(const std::vector<PortInfo>& ports) {
  std::vector<std::string> pieces;
  for (const PortInfo& port : ports)
    pieces.push_back((ports.size() > 1 ? port.name + " " : "") + to_string(port.shape));
  return fmt::format("{}", fmt::join(pieces, ", "));
}

Json document_of(const InspectOptions& options, const Model& model, const std::vector<Rules>& rules) {
  Json document = {{"file", options.model.path},
                   {"name", model.name()},
                   {"input_shape", model.sample_shape()},
                   {"output_shape", model.outputs().front().shape},
                   {"inputs", ports_of(model.inputs())},
                   {"outputs", ports_of(model.outputs())},
                   {"notes", model.notes()},
                   {"layers", Json::array()}};
  const std::vector<LayerInfo> layers = model.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerInfo& layer = layers[i];
    Json entry = {{"name", layer.name},
                  {"class", layer.class_name},
                  {"activation", layer.activation.empty() ? Json() : Json(layer.activation)},
                  {"output_shape", layer.output_shape},
                  {"parameters", layer.parameters},
                  {"inputs", layer.inputs}};
    for (const Rules& method : rules) entry["rules"][method.method] = method.per_layer[i];
    document["layers"].push_back(std::move(entry));
  }
  return document;
}

std::string text_of(const Model& model, const std::vector<Rules>& rules) {
  std::vector<std::vector<std::string>> rows = {{"layer", "class", "activation", "output", "parameters", "inputs"}};
  for (const Rules& method : rules) rows.front().push_back(method.method);
  const std::vector<LayerInfo> layers = model.layers();
  std::int64_t parameters = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerInfo& layer = layers[i];
    parameters += layer.parameters;
    rows.push_back({layer.name, layer.class_name, layer.activation.empty() ? "-" : layer.activation,
                    to_string(layer.output_shape), std::to_string(layer.parameters),
                    layer.inputs.empty() ? "-" : fmt::format("{}", fmt::join(layer.inputs, ", "))});
    for (const Rules& method : rules) rows.back().push_back(method.per_layer[i].empty() ? "-" : method.per_layer[i]);
  }
  std::string text = fmt::format("{}: {} -> {}, {} layers, {} parameters\n\n", model.name(), text_of(model.inputs()),
                                 text_of(model.outputs()), layers.size(), parameters);
  text += table(rows);
  for (const std::string& note : model.notes()) text += "note: " + note + "\n";
  return text;
}

void run_inspect(const InspectOptions& options) {
  const Model model = options.model.load();
  if (!options.stage.empty()) {
    const Explainer explainer(model, options.compute.options);
    const std::string text = explainer.graph_text(options.stage, fitting_requests(options, explainer));
    if (options.json) {
      print_json(Json{{"file", options.model.path}, {"stage", options.stage}, {"graph", text}});
    } else {
      print(text);
    }
    return;
  }
  const std::vector<Rules> rules = rules_of(options, model);
  if (options.json) {
    print_json(document_of(options, model, rules));
  } else {
    print(text_of(model, rules));
  }
}

}  // namespace

Action add_inspect(CLI::App& verb, const Additions& additions) {
  const auto options = std::make_shared<InspectOptions>();
  options->model.add_to(verb);
  options->methods.add_to(verb, false, additions);
  verb.add_option("--stage", options->stage,
                  "Print a graph: import (the network), graph (with the methods), plan (after the passes)")
      ->check(CLI::IsMember({"import", "graph", "plan"}));
  verb.add_flag("--json", options->json, "Print one JSON document");
  options->compute.add_to(verb);
  options->compute.options.extensions = additions;
  return [options] {
    run_inspect(*options);
    return 0;
  };
}

}  // namespace signxai::cli
