// The table of relevance rules and access to parameters.
#include <fmt/format.h>

#include "base/nearest.h"
#include "rules/rule.h"
#include "rules/user/statement.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

std::vector<RuleDef> collect() {
  std::vector<RuleDef> table = {
      z_rule(),           z_ignore_bias_rule(), epsilon_rule(), epsilon_ignore_bias_rule(),
      std_epsilon_rule(), w_square_rule(),      flat_rule(),    z_plus_fast_rule(),
      gamma_rule(),       bounded_rule(),       sign_rule(),    sign_mu_rule(),
  };
  for (auto family : {alpha_beta_rules, zennit_rules, layer_rules}) {
    for (RuleDef& def : family()) table.push_back(std::move(def));
  }
  return table;
}

}  // namespace

std::span<const RuleDef> rule_table() {
  static const std::vector<RuleDef> table = collect();
  return table;
}

bool Rule::applies(const graph::LayerCall& call) const {
  if (call.kind == graph::LayerKind::kKernel || scope == Scope::kAny)
    return call.kind != graph::LayerKind::kInput && call.kind != graph::LayerKind::kEmbedding;
  const bool shares = call.kind == graph::LayerKind::kAdd || call.kind == graph::LayerKind::kAveragePool;
  return scope == Scope::kShared && shares;
}

const RuleDef& find_rule(std::string_view name) {
  constexpr std::string_view kSuffix = "Rule";
  std::vector<std::string> names;
  for (const RuleDef& def : rule_table()) {
    if (def.name == name || def.name + std::string(kSuffix) == name) return def;
    names.push_back(def.name);
  }
  const std::string hint = did_you_mean(name, names);
  throw Error(
      ErrorCode::kInvalidArgument, "rule", name,
      "is not a relevance rule; " + (hint.empty() ? fmt::format("known are {}", fmt::join(names, ", ")) : hint));
}

Rule make_rule(std::string_view name, const Parameters& parameters) {
  if (!is_json(name)) return find_rule(name).make(parameters);
  return stated_rule(read_json(std::string(name), "rule"), "rule");
}

double number(const Parameters& parameters, const std::string& name, double fallback) {
  const auto it = parameters.find(name);
  if (it == parameters.end()) return fallback;
  if (const auto* value = std::get_if<double>(&it->second)) return *value;
  throw Error(ErrorCode::kInvalidArgument, "method", name, "must be a number");
}

double required_number(const Parameters& parameters, const std::string& name, std::string_view who) {
  if (parameters.count(name)) return number(parameters, name, 0);
  throw Error(ErrorCode::kInvalidArgument, "method", who, fmt::format("needs the parameter '{}'", name));
}

bool flag(const Parameters& parameters, const std::string& name, bool fallback) {
  return number(parameters, name, fallback ? 1 : 0) != 0;
}

std::string text(const Parameters& parameters, const std::string& name, const std::string& fallback) {
  const auto it = parameters.find(name);
  if (it == parameters.end()) return fallback;
  if (const auto* value = std::get_if<std::string>(&it->second)) return *value;
  throw Error(ErrorCode::kInvalidArgument, "method", name, "must be a text");
}

}  // namespace signxai::rules
