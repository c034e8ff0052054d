// LRP-alpha-beta (Bach et al. 2015): excitatory and inhibitory contributions are shared separately. As in the
// reference, the whole bias b enters both denominators (SEMANTICS Q7):
//   s_a = R / (W+x+ + W-x- + b)   act = x+ * VJP(W+; s_a) + x- * VJP(W-; s_a)
//   s_i = R / (W-x+ + W+x- + b)   inh = x+ * VJP(W-; s_i) + x- * VJP(W+; s_i)     R_in = alpha act - beta inh
// In `sound` semantics act is divided with b+ and inh with b-, the parts of the bias that belong there.
// ZPlus is alpha = 1, beta = 0 without bias.
#include <cmath>

#include <fmt/format.h>

#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

/// One of the two shares: x+ goes through `first`, x- through `second`.
Value share(const RuleSite& s, Part first, Part second, bool bias) {
  graph::Builder& b = s.builder();
  const Value positive = b.relu(s.x()), negative = b.negative_part(s.x());
  const bool has_bias = bias && s.has_bias();
  const Part other = !has_bias || s.fixes(reverse::Quirk::kFullBias) ? Part::kNone : second;
  const LayerMap with_positive = s.map(first, bias ? first : Part::kNone), with_negative = s.map(second, other);
  const Value z = b.add(with_positive.forward(positive), with_negative.forward(negative));
  const Value ratio = s.ratio(s.relevance(), z);
  return b.add(s.share(with_positive, positive, ratio), s.share(with_negative, negative, ratio));
}

Rule alpha_beta(std::string label, double alpha, double beta, bool bias) {
  return {std::move(label), [=](const RuleSite& s) {
            const Value activating = share(s.weighted(alpha), Part::kPositive, Part::kNegative, bias);
            if (beta == 0) return activating;
            graph::Builder& b = s.builder();
            const Value inhibiting = share(s.weighted(-beta), Part::kNegative, Part::kPositive, bias);
            return b.sub(b.mul(b.constant(alpha), activating), b.mul(b.constant(beta), inhibiting));
          }};
}

Rule general(const Parameters& p, bool bias) {
  if (!p.count("alpha") && !p.count("beta")) {
    throw Error(ErrorCode::kInvalidArgument, "rule", "AlphaBeta", "needs alpha or beta, with alpha - beta = 1");
  }
  const double alpha = p.count("alpha") ? number(p, "alpha", 0) : number(p, "beta", 0) + 1;
  const double beta = p.count("beta") ? number(p, "beta", 0) : alpha - 1;
  if (alpha < 1 || beta < 0 || std::fabs(alpha - beta - 1) > 1e-6) {
    throw Error(ErrorCode::kInvalidArgument, "rule", "AlphaBeta",
                fmt::format("needs alpha >= 1, beta >= 0 and alpha - beta = 1; got alpha={}, beta={}", alpha, beta));
  }
  return alpha_beta(fmt::format("AlphaBeta(alpha={}, beta={}{})", alpha, beta, bias ? "" : ", bias=0"), alpha, beta,
                    bias);
}

constexpr const char* kFormula =
    "R_in = alpha (x+ VJP(W+; u) + x- VJP(W-; u)) - beta (x+ VJP(W-; v) + x- VJP(W+; v)), "
    "u = R / (W+x+ + W-x- + b), v = R / (W-x+ + W+x- + b)";

const std::vector<ParameterInfo> kParameters = {
    {"alpha", "", "weight of the excitatory share, >= 1; alpha - beta = 1, either may be left out"},
    {"beta", "", "weight of the inhibitory share, >= 0"},
    {"bias", "1", "0: leave the bias out of the denominators"}};

template <int alpha, bool bias>
RuleDef fixed(const char* name) {
  static const std::string label = name;
  return {name, {}, kFormula + std::string(bias ? "" : ", without bias"), [](const Parameters&) {
            return alpha_beta(label, alpha, alpha - 1, bias);
          }};
}

}  // namespace

std::vector<RuleDef> alpha_beta_rules() {
  return {
      {"AlphaBeta", kParameters, kFormula, [](const Parameters& p) { return general(p, flag(p, "bias", true)); }},
      {"AlphaBetaIgnoreBias",
       {kParameters[0], kParameters[1]},
       kFormula + std::string(", without bias"),
       [](const Parameters& p) { return general(p, false); }},
      fixed<2, true>("Alpha2Beta1"),
      fixed<2, false>("Alpha2Beta1IgnoreBias"),
      fixed<1, true>("Alpha1Beta0"),
      fixed<1, false>("Alpha1Beta0IgnoreBias"),
      {"ZPlus",
       {},
       kFormula + std::string(", alpha = 1, beta = 0, without bias"),
       [](const Parameters&) { return alpha_beta("ZPlus", 1, 0, false); }},
  };
}

}  // namespace signxai::rules
