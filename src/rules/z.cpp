// LRP-0, the Z rule (Bach et al. 2015, doi 10.1371/journal.pone.0130140): R_in = x * VJP(W; R / z), z = Wx + b.
// ZIgnoreBias leaves b out of z.
#include "rules/rule.h"

namespace signxai::rules {
RuleDef z_rule() {
  return {"Z", {}, "R_in = x * VJP(W; R / (Wx + b))", [](const Parameters&) {
            return Rule{"Z", [](const RuleSite& s) { return share_by_contribution(s, true); }};
          }};
}

RuleDef z_ignore_bias_rule() {
  return {"ZIgnoreBias", {}, "R_in = x * VJP(W; R / Wx)", [](const Parameters&) {
            return Rule{"ZIgnoreBias", [](const RuleSite& s) { return share_by_contribution(s, false); }};
          }};
}

}  // namespace signxai::rules
