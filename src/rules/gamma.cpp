// The gamma rule as the reference has it, which differs from the literature (SEMANTICS 7.2, Q9):
//   s_1 = R / (W+x+ + b+ + Wx + b)   A = x+ * VJP(W+; s_1) + x * VJP(W; s_1)
//   s_2 = R / (Wx+ + b + W+x + b+)   B = x+ * VJP(W; s_2) + x * VJP(W+; s_2)      R_in = gamma A - B
// In `sound` semantics the rule of Montavon et al. (2019), which conserves relevance, for inputs of either sign:
//   R_in = x * VJP(W; s) + gamma (x+ * VJP(W+; s) + x- * VJP(W-; s)),  s = R / z,
//   z = Wx + b + gamma (W+x+ + W-x- + b+),  where z > 0; W+ and W- change places, b+ becomes b-, where z < 0.
#include <fmt/format.h>

#include "rules/rule.h"

namespace signxai::rules {
namespace {

/// x+ through `first`, x through `second`.
Value gamma_share(const RuleSite& s, Part first, Part second, bool bias) {
  graph::Builder& b = s.builder();
  const Value positive = b.relu(s.x());
  const auto bias_of = [&](Part part) { return bias ? part : Part::kNone; };
  const LayerMap of_positive = s.map(first, bias_of(first)), of_all = s.map(second, bias_of(second));
  const Value ratio = s.ratio(s.relevance(), b.add(of_positive.forward(positive), of_all.forward(s.x())));
  return b.add(s.share(of_positive, positive, ratio), s.share(of_all, s.x(), ratio));
}

/// The literature's rule for the neurons with z >= 0 or for those below: what speaks for their sign is strengthened.
Value strengthened(const RuleSite& s, double gamma, bool bias, bool positive_neurons) {
  graph::Builder& b = s.builder();
  const Value positive = b.relu(s.x()), negative = b.negative_part(s.x()), zero = b.constant(0.0);
  const Part with_positive = positive_neurons ? Part::kPositive : Part::kNegative;
  const Part with_negative = positive_neurons ? Part::kNegative : Part::kPositive;
  const LayerMap all = s.map(Part::kAll, bias ? Part::kAll : Part::kNone);
  const LayerMap of_positive = s.map(with_positive, bias ? with_positive : Part::kNone);
  const LayerMap of_negative = s.map(with_negative, Part::kNone);
  const Value z = all.forward(s.x());
  const Value extra = b.add(of_positive.forward(positive), of_negative.forward(negative));
  const Value chosen = b.make(positive_neurons ? "greater_equal" : "less", {z, zero});
  const Value ratio = s.ratio(b.mul(s.relevance(), chosen), b.add(z, b.mul(b.constant(gamma), extra)));
  const RuleSite more = s.weighted(gamma);
  const Value favoured = b.add(more.share(of_positive, positive, ratio), more.share(of_negative, negative, ratio));
  return b.add(s.share(all, s.x(), ratio), b.mul(b.constant(gamma), favoured));
}

}  // namespace

RuleDef gamma_rule() {
  return {"Gamma",
          {{"gamma", "", "weight of the positive share"}, {"bias", "1", "0: leave the bias out"}},
          "R_in = gamma A - B as the reference package computes it",
          [](const Parameters& p) {
            const double gamma = required_number(p, "gamma", "Gamma");
            const bool bias = flag(p, "bias", true);
            return Rule{fmt::format("Gamma(gamma={}{})", gamma, bias ? "" : ", bias=0"), [=](const RuleSite& s) {
                          graph::Builder& b = s.builder();
                          if (s.fixes(reverse::Quirk::kGamma))
                            return b.add(strengthened(s, gamma, bias, true), strengthened(s, gamma, bias, false));
                          const Value first = gamma_share(s.weighted(gamma), Part::kPositive, Part::kAll, bias);
                          return b.sub(b.mul(b.constant(gamma), first),
                                       gamma_share(s.weighted(-1), Part::kAll, Part::kPositive, bias));
                        }};
          }};
}

}  // namespace signxai::rules
