// WSquare and Flat (Montavon et al. 2017, doi 10.1016/j.patcog.2016.11.008; Lapuschkin et al. 2019): relevance is
// shared by squared weights, or evenly, whatever the input is: R_in = VJP(W'; R / W'1) with W' = W * W or ones.
// The denominator depends on the layer's shape alone, so it becomes a constant of the compiled explanation.
#include "rules/rule.h"

namespace signxai::rules {
namespace {

Value share_by_weight(const RuleSite& s, Part part) {
  const LayerMap map = s.map(part, Part::kNone);
  const Value denominator = map.forward(s.filled(1.0));
  return map.pull_back(s.x(), s.ratio(s.relevance(), denominator));
}

}  // namespace

RuleDef w_square_rule() {
  return {"WSquare", {}, "R_in = VJP(W^2; R / W^2 1)", [](const Parameters&) {
            return Rule{"WSquare", [](const RuleSite& s) { return share_by_weight(s, Part::kSquared); }};
          }};
}

RuleDef flat_rule() {
  return {"Flat", {}, "R_in = VJP(1; R / 1 1), every kernel entry one", [](const Parameters&) {
            return Rule{"Flat", [](const RuleSite& s) { return share_by_weight(s, Part::kOnes); }};
          }};
}

}  // namespace signxai::rules
