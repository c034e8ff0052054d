// The document of provenance.
#include "provenance.h"

#include <variant>

#include "signxai/extensions.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const ParameterValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

/// What the name fixes, what the caller gave, and the defaults of the rest.
Json parameters_of(const MethodInfo& info, const Parameters& given) {
  Json parameters = Json::object();
  for (const auto& [name, value] : info.fixed) parameters[name] = value_of(value);
  for (const ParameterInfo& parameter : info.parameters) {
    const auto at = given.find(parameter.name);
    if (at != given.end()) {
      parameters[parameter.name] = value_of(at->second);
    } else if (!parameter.fallback.empty()) {
      parameters[parameter.name] = value_of(parse_parameter(parameter.fallback));
    }
  }
  return parameters;
}

/// The rule of each layer that has one.
Json rules_of(const Explainer& explainer, const MethodRequest& request) {
  const std::vector<std::string> rules = explainer.layer_rules(request);
  const std::vector<LayerInfo> layers = explainer.model().layers();
  Json document = Json::object();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].empty()) document[layers[i].name] = rules[i];
  }
  return document;
}

Json listed(const std::vector<ModelFile>& files) {
  Json list = Json::array();
  for (const ModelFile& file : files) list.push_back({{"file", file.path}, {"sha256", file.sha256}});
  return list;
}

std::string dumped(const Json& document) { return document.dump(-1, ' ', true, Json::error_handler_t::replace); }

}  // namespace

Provenance::Provenance(const Explainer& explainer, const ExplainerOptions& options,
                       const std::vector<MethodRequest>& methods, const std::string& target,
                       const std::string& preprocessing)
    : document_({{"program", "signxai"},
                 {"version", version()},
                 {"instruction_set", Explainer::instruction_set()},
                 {"backend", options.backend},
                 {"threads", options.threads},
                 {"batch", options.batch},
                 {"semantics", options.semantics},
                 {"precision", options.precision},
                 {"disabled_passes", options.disabled_passes},
                 {"model", {{"name", explainer.model().name()}, {"files", Json::array()}}}}),
      files_(std::async(std::launch::async, [model = explainer.model()] { return listed(model.files()); })) {
  if (options.extensions && !options.extensions->sources().empty())
    document_["plugins"] = listed(options.extensions->sources());
  if (!preprocessing.empty()) document_["preprocess"] = preprocessing;
  if (methods.empty()) return;
  document_["target"] = target;
  for (const MethodRequest& request : methods) {
    const MethodInfo info =
        options.extensions ? options.extensions->describe_method(request.name) : describe_method(request.name);
    Json entry = {
        {"name", request.name}, {"base", info.base}, {"parameters", cli::parameters_of(info, request.parameters)}};
    Json rules = rules_of(explainer, request);
    if (!rules.empty()) entry["rules"] = std::move(rules);
    document_["methods"].push_back(std::move(entry));
  }
}

Json Provenance::document() const {
  Json document = document_;
  if (files_.valid()) document["model"]["files"] = files_.get();
  return document;
}

std::string Provenance::text() const { return document_.is_null() ? std::string() : dumped(document()); }

std::string Provenance::text_with(const Json& picture) const {
  if (document_.is_null()) return {};
  Json document = this->document();
  document["picture"] = picture;
  return dumped(document);
}

std::string Provenance::parameters_of(const std::string& method) const {
  if (document_.contains("methods")) {
    for (const Json& entry : document_["methods"]) {
      if (entry["name"] == method) return dumped(entry["parameters"]);
    }
  }
  return "{}";
}

}  // namespace signxai::cli
