// The composites of zennit (Anders et al. 2021, arXiv 2106.13200), with its definitions:
//   activations Pass, sums and average pooling Norm, batch normalisation Pass, Dense epsilon, convolutions a rule each
//   preset chooses, the first layer a rule of its own in some; everything else the gradient.
#include "methods/presets.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/nearest.h"
#include "rules/user/user_rules.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

struct Preset {
  const char* name;
  const char* method;
  const char* conv_rule;
  const char* first_layers;  ///< keyword; none: nullptr
  const char* first_rule;
  const char* description;
};

constexpr Preset kPresets[] = {
    {"EpsilonPlus", "lrp.epsilon_plus", "zennit.ZPlus", nullptr, nullptr,
     "LRP with zennit's composite EpsilonPlus: ZPlus in convolutions, epsilon in Dense layers (Anders et al. 2021)."},
    {"EpsilonPlusFlat", "lrp.epsilon_plus_flat", "zennit.ZPlus", "first", "zennit.Flat",
     "LRP with zennit's composite EpsilonPlusFlat: EpsilonPlus with the flat rule in the first layer (Anders et al. "
     "2021)."},
    {"EpsilonAlpha2Beta1", "lrp.epsilon_alpha2_beta1", "zennit.AlphaBeta", nullptr, nullptr,
     "LRP with zennit's composite EpsilonAlpha2Beta1: alpha 2 beta 1 in convolutions, epsilon in Dense layers (Anders "
     "et al. 2021)."},
    {"EpsilonAlpha2Beta1Flat", "lrp.epsilon_alpha2_beta1_flat", "zennit.AlphaBeta", "first", "zennit.Flat",
     "LRP with zennit's composite EpsilonAlpha2Beta1Flat: EpsilonAlpha2Beta1 with the flat rule in the first layer "
     "(Anders et al. 2021)."},
    {"EpsilonGammaBox", "lrp.epsilon_gamma_box", "zennit.Gamma", "first_conv", "zennit.ZBox",
     "LRP with zennit's composite EpsilonGammaBox: gamma in convolutions, epsilon in Dense layers, the box rule in the "
     "first "
     "convolution (Montavon et al. 2019, Anders et al. 2021)."},
};

/// Letters and digits in lower case.
std::string folded(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

rules::Matches keyword(const char* name) { return rules::select_layers(name, {}, "composite", true).matches; }

std::vector<rules::Entry> entries_of(const Preset& preset, const Parameters& parameters) {
  std::vector<rules::Entry> entries;
  Parameters own = parameters;
  own["alpha"] = 2.0;
  own["beta"] = 1.0;
  const auto add = [&](const char* layers, const char* rule) {
    entries.push_back({keyword(layers), rules::make_rule(rule, own)});
  };
  if (preset.first_rule) add(preset.first_layers, preset.first_rule);
  add("activation", "Pass");
  add("sum", "Norm");
  add("average_pooling", "Norm");
  add("batch_norm", "Pass");
  add("conv", preset.conv_rule);
  add("linear", "zennit.Epsilon");
  add("any", "Gradient");
  return entries;
}

const Preset& find_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) {
    if (folded(preset.name) == folded(name)) return preset;
    names.emplace_back(preset.name);
  }
  const std::string hint = did_you_mean(name, names);
  throw Error(ErrorCode::kInvalidArgument, "method", "composite",
              fmt::format("'{}' is no preset, and no JSON list of entries; presets are {}{}", name,
                          fmt::join(names, ", "), hint.empty() ? "" : "; " + hint));
}

template <int index>
rules::Composite preset_composite(const graph::Network& network, const Parameters& parameters,
                                  const reverse::Semantics&) {
  rules::Composite composite;
  std::vector<rules::Entry> entries = entries_of(kPresets[index], parameters);
  auto next = entries.begin();
  if (kPresets[index].first_rule) composite.entries.push_back(std::move(*next++));  // as an input rule
  with_layer_map(composite, parameters, network);
  composite.entries.insert(composite.entries.end(), next, entries.end());
  return composite;
}

template <int index>
void check(const Parameters& parameters) {
  check_layer_map(parameters);
  entries_of(kPresets[index], parameters);
}

template <int index>
MethodDef method() {
  const Preset& preset = kPresets[index];
  std::vector<ParameterInfo> infos = {{"epsilon", "1e-06", "stabiliser of Dense layers, > 0"}};
  for (const char* name : {preset.conv_rule, preset.first_rule}) {
    if (!name) continue;
    for (const ParameterInfo& info : rules::find_rule(name).parameters) {
      const bool decided = info.name == "alpha" || info.name == "beta";
      const bool known = std::any_of(infos.begin(), infos.end(), [&](const auto& i) { return i.name == info.name; });
      if (!decided && !known) infos.push_back(info);
    }
  }
  for (const ParameterInfo& info : shared_parameters()) infos.push_back(info);
  return composite_method(preset.method, preset.description, infos, preset_composite<index>, check<index>);
}

}  // namespace

std::vector<rules::Entry> preset_entries(const std::string& name, const Parameters& parameters) {
  return entries_of(find_preset(name), parameters);
}

bool is_preset(const std::string& name) {
  return std::any_of(std::begin(kPresets), std::end(kPresets),
                     [&](const Preset& p) { return folded(p.name) == folded(name); });
}

std::vector<MethodDef> preset_methods() { return {method<0>(), method<1>(), method<2>(), method<3>(), method<4>()}; }

}  // namespace signxai::methods
