// The gamma rule as the reference has it, which differs from the literature (SEMANTICS 7.2, Q9):
//   s_1 = R / (W+x+ + b+ + Wx + b)   A = x+ * VJP(W+; s_1) + x * VJP(W; s_1)
//   s_2 = R / (Wx+ + b + W+x + b+)   B = x+ * VJP(W; s_2) + x * VJP(W+; s_2)      R_in = gamma A - B
#include <fmt/format.h>

#include "rules/rule.h"

namespace signxai::rules {
namespace {

/// x+ through `first`, x through `second`.
Value share(const RuleSite& s, Part first, Part second, bool bias) {
  graph::Builder& b = s.builder();
  const Value positive = b.relu(s.x());
  const auto bias_of = [&](Part part) { return bias ? part : Part::kNone; };
  const LayerMap of_positive = s.map(first, bias_of(first)), of_all = s.map(second, bias_of(second));
  const Value ratio = b.safe_div(s.relevance(), b.add(of_positive.forward(positive), of_all.forward(s.x())));
  return b.add(b.mul(positive, of_positive.pull_back(positive, ratio)), b.mul(s.x(), of_all.pull_back(s.x(), ratio)));
}

}  // namespace

RuleDef gamma_rule() {
  return {"Gamma",
          {{"gamma", "", "weight of the positive share"}, {"bias", "1", "0: leave the bias out"}},
          "R_in = gamma A - B as the reference package computes it", [](const Parameters& p) {
            const double gamma = required_number(p, "gamma", "Gamma");
            const bool bias = flag(p, "bias", true);
            return Rule{fmt::format("Gamma(gamma={}{})", gamma, bias ? "" : ", bias=0"), [=](const RuleSite& s) {
                          graph::Builder& b = s.builder();
                          const Value first = share(s, Part::kPositive, Part::kAll, bias);
                          return b.sub(b.mul(b.constant(gamma), first), share(s, Part::kAll, Part::kPositive, bias));
                        }};
          }};
}

}  // namespace signxai::rules
