// ZPlusFast: R_in = x * VJP(W+; R / W+x). The input is not rectified and there is no bias.
#include "rules/rule.h"

namespace signxai::rules {

RuleDef z_plus_fast_rule() {
  return {"ZPlusFast", {}, "R_in = x * VJP(W+; R / W+x)", [](const Parameters&) {
            return Rule{"ZPlusFast", [](const RuleSite& s) {
                          const LayerMap map = s.map(Part::kPositive, Part::kNone);
                          return s.share(map, s.x(), s.ratio(s.relevance(), map.forward(s.x())));
                        }};
          }};
}

}  // namespace signxai::rules
