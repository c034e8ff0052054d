// Layer-wise relevance propagation: parameters -> composite -> relevance of the input (Bach et al. 2015).
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "methods/method.h"
#include "methods/presets.h"
#include "rules/composite.h"
#include "rules/user/statement.h"
#include "rules/user/user_rules.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

using rules::Composite;
using rules::make_rule;

/// Rules of the layers above the input rule.
enum class Base { kSingle, kCompositeA, kCompositeB, kUntilIndex };

Parameters with_default(Parameters parameters, const std::string& name, double value) {
  parameters.try_emplace(name, value);
  return parameters;
}

/// In `signxai` semantics a layer between input and first kernel keeps the rule away (SEMANTICS Q10).
void add_input_rule(Composite& composite, Base base, const Parameters& parameters, const graph::Network& network,
                    const reverse::Semantics& semantics) {
  const std::string name = rules::text(parameters, "input_layer_rule", base == Base::kUntilIndex ? "Flat" : "none");
  if (name == "none") return;
  const bool blocked = !rules::input_rule_blockers(network).empty();
  const bool unblocked = blocked && semantics.fixes(reverse::Quirk::kBlockedInputRule);
  composite.entries.push_back(
      {unblocked ? rules::is_first_kernel : rules::is_input_layer, make_rule(name, parameters)});
}

void add_until_index(Composite& composite, Base base, const Parameters& parameters) {
  const bool always = base == Base::kUntilIndex;
  if (!always && !parameters.count("until_layer_idx") && !parameters.count("until_index_rule")) return;
  const double index = rules::number(parameters, "until_layer_idx", 0);
  if (index < 0 || index != std::floor(index)) {
    throw Error(ErrorCode::kInvalidArgument, "method", "until_layer_idx", "must be an integer from 0");
  }
  const auto matches = [index](const graph::Network& network, int call) {
    return rules::depth_of(network, call) <= index;
  };
  composite.entries.push_back({matches, make_rule(rules::text(parameters, "until_index_rule", "Flat"), parameters)});
}

/// Composites A and B of the reference: Dense by epsilon, every other kernel by alpha-beta.
void add_sequential(Composite& composite, const char* kernel_rule, const Parameters& parameters) {
  composite.entries.push_back({rules::is_dense, make_rule("Epsilon", with_default(parameters, "epsilon", 0.1))});
  composite.entries.push_back({rules::any_layer, make_rule(kernel_rule, {})});
}

/// The rules that the caller names: one for all kernel layers, a list of them, or a composite.
void add_given(Composite& composite, const Parameters& parameters, const graph::Network& network) {
  const auto rule = parameters.find("rule");
  std::vector<rules::Entry> entries;
  if (rule == parameters.end()) {
    const std::string given = rules::text(parameters, "composite", "");
    entries = rules::is_json(given) ? rules::read_composite(given, network) : preset_entries(given, parameters);
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&rule->second)) {
    entries = rules::rule_list(*list, parameters, network);
  } else {
    entries = {{rules::any_layer, make_rule(rules::text(parameters, "rule", ""), parameters)}};
  }
  for (rules::Entry& entry : entries) composite.entries.push_back(std::move(entry));
}

Composite composite_of(Base base, const Parameters& parameters, const graph::Network& network,
                       const reverse::Semantics& semantics) {
  Composite composite;
  add_input_rule(composite, base, parameters, network, semantics);
  with_layer_map(composite, parameters, network);
  add_until_index(composite, base, parameters);
  switch (base) {
    case Base::kSingle: add_given(composite, parameters, network); break;
    case Base::kCompositeA: add_sequential(composite, "Alpha1Beta0", parameters); break;
    case Base::kCompositeB:
    case Base::kUntilIndex: add_sequential(composite, "Alpha2Beta1", parameters); break;
  }
  return composite;
}

template <Base base>
Composite composite(const graph::Network& network, const Parameters& parameters, const reverse::Semantics& semantics) {
  return composite_of(base, parameters, network, semantics);
}

/// What can be said without a network.
template <Base base>
void check(const Parameters& parameters) {
  check_layer_map(parameters);
  if (base != Base::kSingle) return;
  const bool has_rule = parameters.count("rule") != 0, has_composite = parameters.count("composite") != 0;
  if (has_rule == has_composite) {
    throw Error(ErrorCode::kInvalidArgument, "method", "lrp",
                has_rule ? "takes a rule or a composite, not both; got both"
                         : "needs the parameter 'rule' (the rule of every layer with a kernel) or 'composite'");
  }
  if (!has_composite) return;
  const std::string given = rules::text(parameters, "composite", "");
  if (rules::is_json(given)) {
    rules::check_composite(given);
  } else {
    preset_entries(given, parameters);
  }
}

std::vector<ParameterInfo> parameters_of(Base base) {
  std::vector<ParameterInfo> infos;
  if (base == Base::kSingle) {
    infos.push_back(
        {"rule", "none", "rule of every layer with a kernel, or a list with one for each, beginning at the input"});
    infos.push_back({"composite", "none", "in place of a rule: a preset (EpsilonPlus ...) or a JSON list of entries"});
  }
  infos.push_back(
      {"input_layer_rule", base == Base::kUntilIndex ? "Flat" : "none", "rule of the first layer(s) with a kernel"});
  for (const ParameterInfo& info : shared_parameters()) infos.push_back(info);
  infos.push_back({"until_layer_idx", "0", "depth up to which until_index_rule applies"});
  infos.push_back({"until_index_rule", "Flat", "rule of the layers up to that depth"});
  for (const auto& def : rules::rule_table()) {
    for (const ParameterInfo& info : def.parameters) {
      const bool known = std::any_of(infos.begin(), infos.end(), [&](const auto& i) { return i.name == info.name; });
      if (!known) infos.push_back({info.name, info.fallback.empty() ? "none" : info.fallback, info.description});
    }
  }
  return infos;
}

template <Base base>
MethodDef lrp(const char* name, const char* description) {
  return composite_method(name, description, parameters_of(base), composite<base>, check<base>);
}

std::vector<std::string> notes(const graph::Network& network, const Parameters& parameters, const MethodDef& def,
                               const reverse::Semantics& semantics) {
  std::vector<std::string> found;
  const Composite composite = def.composite(network, parameters, semantics);
  for (const std::string& entry : rules::unused_entries(composite, network)) {
    found.push_back(fmt::format("{} is not used: other entries before it apply to its layers", entry));
  }
  const bool fixed = reverse::Semantics(semantics).fixes(reverse::Quirk::kBlockedInputRule);
  if (!parameters.count("input_layer_rule") || fixed) return found;
  for (const std::string& blocker : rules::input_rule_blockers(network)) {
    found.push_back(
        fmt::format("the input-layer rule {} does not apply: layer '{}' stands between the input and the "
                    "first layer with a kernel, which keeps its ordinary rule (as in the reference)",
                    make_rule(rules::text(parameters, "input_layer_rule", ""), parameters).label, blocker));
  }
  return found;
}

}  // namespace

std::vector<ParameterInfo> shared_parameters() {
  return {{"layer_map", "none", "JSON object: layers (class, name or pattern) -> rule or its parameters"},
          {"merge_batch_norm", "0", "1: a batch normalisation right behind a kernel layer counts as part of it"}};
}

void check_layer_map(const Parameters& parameters) {
  const std::string given = rules::text(parameters, "layer_map", "none");
  if (given != "none") rules::check_layer_map(given);
}

void with_layer_map(Composite& composite, const Parameters& parameters, const graph::Network& network) {
  composite.merges_batch_norm = rules::flag(parameters, "merge_batch_norm", false);
  const std::string given = rules::text(parameters, "layer_map", "none");
  if (given == "none") return;
  std::vector<rules::Entry> named, others;
  for (auto& [entry, is_layer] : rules::read_layer_map(given, network)) {
    if (is_layer) {  // goes before the input rule, but not before the map's own earlier entries
      rules::Entry first = entry;
      first.matches = [own = entry.matches, before = others](const graph::Network& n, int call) {
        const auto takes = [&](const rules::Entry& e) {
          return e.rule.applies(n.calls[static_cast<std::size_t>(call)]) && e.matches(n, call);
        };
        return own(n, call) && std::none_of(before.begin(), before.end(), takes);
      };
      named.push_back(std::move(first));
    }
    others.push_back(std::move(entry));
  }
  composite.entries.insert(composite.entries.begin(), named.begin(), named.end());
  composite.entries.insert(composite.entries.end(), others.begin(), others.end());
}

MethodDef composite_method(const char* name, const char* description, std::vector<ParameterInfo> parameters,
                           CompositeOf composite, void (*check)(const Parameters&)) {
  MethodDef def;
  def.name = name;
  def.parameters = std::move(parameters);
  def.description = description;
  def.composite = composite;
  def.check = check;
  def.notes = notes;
  def.walks = true;
  return def;
}

std::vector<MethodDef> lrp_methods() {
  return {
      lrp<Base::kSingle>("lrp", "Layer-wise relevance propagation with one rule for all layers (Bach et al. 2015)."),
      lrp<Base::kCompositeA>("lrp.sequential_composite_a",
                             "LRP: epsilon in Dense layers, alpha 1 beta 0 in convolutions (Kohlbrenner et al. 2020)."),
      lrp<Base::kCompositeB>("lrp.sequential_composite_b",
                             "LRP: epsilon in Dense layers, alpha 2 beta 1 in convolutions (Kohlbrenner et al. 2020)."),
      lrp<Base::kUntilIndex>("lrp.rule_until_index",
                             "LRP: one rule up to a depth, composite B with input rule Flat above (Bach et al. 2016)."),
  };
}

std::vector<std::string> layer_treatments(const Resolved& method, const graph::Network& network,
                                          const reverse::Semantics& semantics) {
  std::vector<std::string> treatments;
  if (!method.def->composite) return treatments;
  const Composite composite = method.def->composite(network, method.parameters, semantics);
  for (std::size_t i = 0; i < network.calls.size(); ++i) {
    treatments.push_back(rules::treatment(composite, network, static_cast<int>(i), semantics));
  }
  return treatments;
}

}  // namespace signxai::methods
