// The table of methods, and the check of names and parameters against it.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "methods/method.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

std::vector<MethodDef> collect() {
  std::vector<MethodDef> table;
  for (auto family :
       {gradient_methods, smoothgrad_methods, grad_cam_methods, lrp_methods, preset_methods, deep_taylor_methods}) {
    for (MethodDef& def : family()) table.push_back(std::move(def));
  }
  table.push_back(integrated_gradients_method());
  table.push_back(deeplift_method());
  table.push_back(random_uniform_method());
  return table;
}

const MethodDef& definition(const std::string& name) {
  const auto table = definitions();
  return *std::find_if(table.begin(), table.end(), [&](const MethodDef& d) { return d.name == name; });
}

const std::vector<ParameterInfo> kWalkParameters = {
    {"explained_layer_names", "none", "layers at whose input the relevance is taken, or all; none: the model's inputs"},
    {"stop_mapping_at_layers", "none", "layers to explain as if the network ended there"},
    {"r_init", "none", "signal at every explained neuron, in place of the method's own"}};

std::vector<ParameterInfo> free_parameters(const ParsedName& parsed) {
  const MethodDef& def = definition(parsed.base);
  std::vector<ParameterInfo> infos = def.parameters;
  if (def.walks) infos.insert(infos.end(), kWalkParameters.begin(), kWalkParameters.end());
  const std::span<const ParameterInfo> of_factor = factor_parameters(parsed.factor);
  infos.insert(infos.end(), of_factor.begin(), of_factor.end());
  const bool has_rule = parsed.fixed.count("rule") != 0;  // which a composite would replace
  std::erase_if(infos, [&](const ParameterInfo& info) {
    return parsed.fixed.count(info.name) != 0 || (has_rule && info.name == "composite");
  });
  return infos;
}

}  // namespace

std::span<const MethodDef> definitions() {
  static const std::vector<MethodDef> table = collect();
  return table;
}

void refuse_name(std::string_view name, const std::vector<std::string>& own) {
  std::vector<std::string> known(listed_names().begin(), listed_names().end());
  for (const MethodDef& def : definitions()) known.push_back(def.name);
  known.insert(known.end(), own.begin(), own.end());
  const std::string hint = did_you_mean(name, known);
  throw Error(ErrorCode::kInvalidArgument, "method", name,
              "there is no method of this name; " + (hint.empty() ? "`signxai methods` lists all of them" : hint));
}

void check_parameters(std::string_view name, const std::vector<ParameterInfo>& infos, const Parameters& fixed,
                      const Parameters& given) {
  std::vector<std::string> names;
  for (const ParameterInfo& info : infos) names.push_back(info.name);
  for (const auto& [key, value] : given) {
    if (fixed.count(key)) {
      throw Error(ErrorCode::kInvalidArgument, "method", name,
                  fmt::format("'{}' is decided by the method's name", key));
    }
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw Error(ErrorCode::kInvalidArgument, "method", name,
                  fmt::format("takes no parameter '{}'; it takes {}", key,
                              names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
    }
  }
  for (const ParameterInfo& info : infos) {
    if (info.fallback.empty() && !given.count(info.name)) {
      throw Error(ErrorCode::kInvalidArgument, "method", name,
                  fmt::format("needs the parameter '{}' ({})", info.name, info.description));
    }
  }
}

Resolved resolve(std::string_view name, const Parameters& given) {
  ParsedName parsed = parse_name(name);
  if (parsed.base.empty()) refuse_name(name);
  check_parameters(name, free_parameters(parsed), parsed.fixed, given);
  Parameters all = std::move(parsed.fixed);
  all.insert(given.begin(), given.end());
  const MethodDef& def = definition(parsed.base);
  if (name == "lrp.gamma") all.try_emplace("gamma", 0.5);
  if (def.check) def.check(all);
  return {std::string(name), &def, std::move(all), parsed.factor};
}

std::vector<std::string> Resolved::notes(const graph::Network& network, const reverse::Semantics& semantics) const {
  return def->notes ? def->notes(network, parameters, *def, semantics) : std::vector<std::string>{};
}

}  // namespace signxai::methods

namespace signxai {

namespace {

/// Description of the base, the formulas of the rules that the name fixes, and the product it asks for.
std::string described(const methods::ParsedName& parsed) {
  std::string text = methods::definition(parsed.base).description;
  for (const auto& [parameter, role] : {std::pair{"rule", "Rule"}, {"input_layer_rule", "In the first layer"}}) {
    if (!parsed.fixed.count(parameter)) continue;
    const rules::RuleDef& rule = rules::find_rule(rules::text(parsed.fixed, parameter, ""));
    text += fmt::format(" {} {}: {}.", role, rule.name, rule.formula);
  }
  switch (parsed.factor) {
    case methods::Factor::kNone: return text;
    case methods::Factor::kInput: return text + " The map is multiplied by x.";
    case methods::Factor::kSign:
      return text + " The map is multiplied by s(x) = x / |x|, +1 at 0 (Gumpfer et al. 2023).";
    case methods::Factor::kSignMu:
      return text + " The map is multiplied by s_mu(x), -1 below mu and +1 from mu on (Gumpfer et al. 2023).";
    case methods::Factor::kInputSign: return text + " The map is multiplied by x and by s(x) = x / |x|, +1 at 0.";
  }
  return text;
}

}  // namespace

MethodInfo describe_method(std::string_view name) {
  const methods::ParsedName parsed = methods::parse_name(name);
  if (parsed.base.empty()) methods::refuse_name(name);
  const auto listed = methods::listed_names();
  return {std::string(name),
          parsed.base,
          parsed.fixed,
          methods::free_parameters(parsed),
          described(parsed),
          std::find(listed.begin(), listed.end(), name) != listed.end(),
          methods::definition(parsed.base).sampling != nullptr};
}

std::vector<MethodInfo> method_table() {
  std::vector<MethodInfo> table;
  for (std::string_view name : methods::listed_names()) table.push_back(describe_method(name));
  for (const auto& def : methods::definitions()) {
    const bool listed =
        std::any_of(table.begin(), table.end(), [&](const MethodInfo& m) { return m.name == def.name; });
    if (!listed) table.push_back(describe_method(def.name));
  }
  return table;
}

ParameterValue parse_parameter(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_number()) return json.get<double>();
  if (json.is_boolean()) return json.get<bool>() ? 1.0 : 0.0;
  if (json.is_array() && !json.empty()) {
    const auto all = [&](auto test) { return std::all_of(json.begin(), json.end(), test); };
    if (all([](const auto& v) { return v.is_number(); })) return json.get<std::vector<double>>();
    if (all([](const auto& v) { return v.is_string(); })) return json.get<std::vector<std::string>>();
  }
  if (json.is_string()) return json.get<std::string>();
  return std::string(text);
}

}  // namespace signxai
