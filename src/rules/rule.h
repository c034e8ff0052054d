// Relevance rules. A rule says how the relevance of a kernel layer's output is shared among its inputs; it is written
// against LayerMap, the layer as a map with transformed weights, and names no concrete operation.
// To add a rule: one file here and one line in registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reverse/driver.h"
#include "signxai/method.h"

namespace signxai::rules {

using graph::Value;

/// Transform of a weight tensor: W, W+ = max(W, 0), W- = min(W, 0), W * W, all ones, nothing.
enum class Part { kAll, kPositive, kNegative, kSquared, kOnes, kNone };

/// The affine part of a kernel layer (without its activation) with transformed kernel and bias. At a head the neuron
/// selection is part of the map. Layers with several kernels transform each of them separately.
class LayerMap {
 public:
  /// `merged` is the index of a batch normalisation that counts as part of the layer, or -1.
  LayerMap(const reverse::Site& site, Part kernel, Part bias, int merged = -1);

  /// W'x + b'.
  Value forward(Value x) const;
  /// Vector-Jacobian product at x, of a signal of the shape of forward(x).
  Value pull_back(Value x, Value signal) const;
  /// What b' gets of the signal, element by element of the kernel output: of forward(x) * signal the part that belongs
  /// to no input. x . pull_back(x, signal) and this add up to it, as the map is affine. Invalid where there is no bias.
  Value bias_share(Value x, Value signal) const;

 private:
  Value raw(Value x) const;
  void merge(int norm, Part kernel, Part bias);

  const reverse::Site& site_;
  bool has_bias_;
  std::vector<std::pair<Value, Value>> weights_;
  Value shift_{};  ///< bias of the merged normalisation; invalid without one
};

/// The batch normalisation that directly follows a kernel layer and can be merged into its kernel and bias, or -1:
/// nothing stands between the two and nothing else sees what is between them.
int mergeable_batch_norm(const graph::Network& network, int call);

/// A kernel layer under a rule.
struct RuleSite {
  const reverse::Site& site;
  Value arrived;      ///< joined relevance of the output; invalid at a head
  double weight = 1;  ///< of the share at hand in the whole, for the ledger: alpha, -beta
  int merged = -1;    ///< as in LayerMap

  RuleSite weighted(double by) const { return {site, arrived, weight * by, merged}; }
  graph::Builder& builder() const { return site.builder; }
  bool fixes(reverse::Quirk quirk) const { return site.fixes(quirk); }
  Value x() const { return site.call().inputs.front(); }
  LayerMap map(Part kernel, Part bias) const { return LayerMap(site, kernel, bias, merged); }
  bool has_bias() const { return merged >= 0 || site.call().weight("bias"); }
  /// R: what arrived, or at a head the given quantity (rules that divide by z begin with sel(z)).
  Value relevance(Value at_head) const { return arrived ? arrived : site.seeded(at_head); }
  /// R: what arrived, or at a head sel(y), the activated output.
  Value relevance() const {
    if (site.is_head() && site.start.selection.is_max()) site.fixes(reverse::Quirk::kMixedNeurons);
    return relevance(site.selected(site.call().output));
  }
  /// A tensor of the layer input's shape (batch 1) filled with one number.
  Value filled(double value) const;

  /// As Site::ratio.
  Value ratio(Value relevance, Value z, Value stabiliser = {}) const {
    return site.ratio(relevance, z, stabiliser, weight);
  }
  /// x * VJP(W'; ratio). The ledger learns what the map's bias takes.
  Value share(const LayerMap& map, Value x, Value ratio) const;
  /// Tells the ledger what the map's bias takes of the ratio, for rules that share in another way.
  void tell_bias(const LayerMap& map, Value x, Value ratio) const;
};

/// Which layers a rule is defined for.
enum class Scope {
  kKernel,  ///< layers with a kernel
  kShared,  ///< these, sums and average pooling
  kAny,     ///< every layer
};

/// A rule with its parameters bound. `label` reads "Epsilon(epsilon=0.1)".
struct Rule {
  std::string label;
  /// For kernel layers, written so that it can begin at a head with a selection of its own.
  std::function<Value(const RuleSite&)> relevance;
  /// In its place: relevance of each input, given that of the output; the site is no head.
  std::function<std::vector<Value>(const RuleSite&)> of_inputs{};
  Scope scope = Scope::kKernel;

  bool applies(const graph::LayerCall& call) const;
};

struct RuleDef {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::string formula;
  Rule (*make)(const Parameters& parameters);
};

/// Every rule, in the order of the documentation.
std::span<const RuleDef> rule_table();
/// Makes the rule of that name; parameters it does not know are ignored (a call's parameters are shared by all rules).
/// Names may end in "Rule", as the classes of the reference do. In place of a name a JSON text may state the rule.
/// Throws Error(kInvalidArgument): unknown name (with the nearest), missing or invalid parameter.
Rule make_rule(std::string_view name, const Parameters& parameters);
/// The entry of that name; throws as make_rule.
const RuleDef& find_rule(std::string_view name);

/// Parameter access with defaults; throws Error(kInvalidArgument) naming the parameter when the type is wrong.
double number(const Parameters& parameters, const std::string& name, double fallback);
double required_number(const Parameters& parameters, const std::string& name, std::string_view who);
bool flag(const Parameters& parameters, const std::string& name, bool fallback);
std::string text(const Parameters& parameters, const std::string& name, const std::string& fallback);

// One function per file.
RuleDef z_rule();
RuleDef z_ignore_bias_rule();
RuleDef epsilon_rule();
RuleDef epsilon_ignore_bias_rule();
RuleDef std_epsilon_rule();
RuleDef w_square_rule();
RuleDef flat_rule();
std::vector<RuleDef> alpha_beta_rules();
RuleDef z_plus_fast_rule();
RuleDef gamma_rule();
RuleDef bounded_rule();
RuleDef sign_rule();
RuleDef sign_mu_rule();
std::vector<RuleDef> zennit_rules();
std::vector<RuleDef> layer_rules();

/// epsilon sign(z), with sign(0) = +1.
Value stabiliser(graph::Builder& builder, Value z, Value epsilon);
/// x * VJP(W; R / (z + stabiliser(z))), the shape that most rules share; no stabiliser where that is empty.
Value share_by_contribution(const RuleSite& site, bool bias, const std::function<Value(Value z)>& stabiliser = {});

}  // namespace signxai::rules
