// Layer-wise relevance propagation: parameters -> composite -> relevance of the input (Bach et al. 2015).
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "methods/method.h"
#include "rules/composite.h"
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
void add_input_rule(Composite& composite, const std::string& name, const Parameters& parameters, bool unblocked) {
  if (name.empty()) return;
  composite.entries.push_back({unblocked ? rules::is_first_kernel : rules::is_input_layer, make_rule(name, parameters)});
}

void add_until_index(Composite& composite, const Parameters& parameters, bool always) {
  if (!always && !parameters.count("until_layer_idx") && !parameters.count("until_index_rule")) return;
  const double index = rules::number(parameters, "until_layer_idx", 0);
  if (index < 0 || index != std::floor(index)) {
    throw Error(ErrorCode::kInvalidArgument, "method", "until_layer_idx", "must be an integer from 0");
  }
  const auto matches = [index](const graph::Network& network, int call) { return rules::depth_of(network, call) <= index; };
  composite.entries.push_back({matches, make_rule(rules::text(parameters, "until_index_rule", "Flat"), parameters)});
}

/// Composites A and B of the reference: Dense by epsilon, every other kernel by alpha-beta.
void add_sequential(Composite& composite, const char* kernel_rule, const Parameters& parameters) {
  composite.entries.push_back({rules::is_dense, make_rule("Epsilon", with_default(parameters, "epsilon", 0.1))});
  composite.entries.push_back({rules::any_layer, make_rule(kernel_rule, {})});
}

Composite composite_of(Base base, const Parameters& parameters, const graph::Network& network,
                       const reverse::Semantics& semantics) {
  Composite composite;
  const std::string none = base == Base::kUntilIndex ? "Flat" : "";
  const std::string input_rule = rules::text(parameters, "input_layer_rule", none);
  const bool blocked = !input_rule.empty() && !rules::input_rule_blockers(network).empty();
  add_input_rule(composite, input_rule, parameters, blocked && semantics.fixes(reverse::Quirk::kBlockedInputRule));
  add_until_index(composite, parameters, base == Base::kUntilIndex);
  switch (base) {
    case Base::kSingle: {
      const std::string rule = rules::text(parameters, "rule", "");
      if (rule.empty()) throw Error(ErrorCode::kInvalidArgument, "method", "lrp", "needs the parameter 'rule'");
      composite.entries.push_back({rules::any_layer, make_rule(rule, parameters)});
      break;
    }
    case Base::kCompositeA: add_sequential(composite, "Alpha1Beta0", parameters); break;
    case Base::kCompositeB:
    case Base::kUntilIndex: add_sequential(composite, "Alpha2Beta1", parameters); break;
  }
  return composite;
}

template <Base base>
std::vector<Value> build(const MethodSite& site, const Parameters& parameters) {
  const rules::LrpStep step(composite_of(base, parameters, site.network, site.start.semantics));
  return {site.relevance(step)};
}

std::vector<std::string> notes(const graph::Network& network, const Parameters& parameters) {
  if (!parameters.count("input_layer_rule")) return {};
  std::vector<std::string> found;
  for (const std::string& blocker : rules::input_rule_blockers(network)) {
    found.push_back(fmt::format("the input-layer rule {} does not apply: layer '{}' stands between the input and the "
                                "first layer with a kernel, which keeps its ordinary rule (as in the reference)",
                                rules::text(parameters, "input_layer_rule", ""), blocker));
  }
  return found;
}

std::vector<ParameterInfo> parameters_of(Base base) {
  std::vector<ParameterInfo> infos;
  if (base == Base::kSingle) infos.push_back({"rule", "", "rule of every layer with a kernel"});
  infos.push_back({"input_layer_rule", base == Base::kUntilIndex ? "Flat" : "none", "rule of the first layer(s) with a kernel"});
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
  return {name, parameters_of(base), description, build<base>, nullptr, nullptr, notes, true};
}

}  // namespace

std::vector<MethodDef> lrp_methods() {
  return {
      lrp<Base::kSingle>("lrp", "Layer-wise relevance propagation with one rule for all layers (Bach et al. 2015)."),
      lrp<Base::kCompositeA>("lrp.sequential_composite_a",
                             "LRP: epsilon in Dense layers, alpha 1 beta 0 in convolutions (Kohlbrenner et al. 2020)."),
      lrp<Base::kCompositeB>("lrp.sequential_composite_b",
                             "LRP: epsilon in Dense layers, alpha 2 beta 1 in convolutions (Kohlbrenner et al. 2020)."),
      lrp<Base::kUntilIndex>("lrp.rule_until_index",
                             "LRP: one rule up to a depth, composite B with input rule Flat above."),
  };
}

std::vector<std::string> layer_treatments(const Resolved& method, const graph::Network& network,
                                          const reverse::Semantics& semantics) {
  static constexpr std::pair<const char*, Base> kBases[] = {{"lrp", Base::kSingle},
                                                            {"lrp.sequential_composite_a", Base::kCompositeA},
                                                            {"lrp.sequential_composite_b", Base::kCompositeB},
                                                            {"lrp.rule_until_index", Base::kUntilIndex}};
  std::vector<std::string> treatments;
  for (const auto& [name, base] : kBases) {
    if (method.def->name != name) continue;
    const Composite composite = composite_of(base, method.parameters, network, semantics);
    for (std::size_t i = 0; i < network.calls.size(); ++i) {
      treatments.push_back(rules::treatment(composite, network, static_cast<int>(i)));
    }
  }
  return treatments;
}

}  // namespace signxai::methods
