// The z^B rule for inputs in [low, high] (Montavon et al. 2017): with Z = Wx - W+ low - W- high and s = R / Z,
//   R_in = x * VJP(W; s) - low * VJP(W+; s) - high * VJP(W-; s).
// The reference forgets the factors x, low and high and returns rounding noise; this is the rule as it is meant.
#include <fmt/format.h>

#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

Value bounded(const RuleSite& s, double low, double high) {
  graph::Builder& b = s.builder();
  const LayerMap all = s.map(Part::kAll, Part::kNone);
  const LayerMap positive = s.map(Part::kPositive, Part::kNone), negative = s.map(Part::kNegative, Part::kNone);
  const Value least = s.filled(low), most = s.filled(high);
  const Value z = b.sub(b.sub(all.forward(s.x()), positive.forward(least)), negative.forward(most));
  const Value ratio = s.ratio(s.relevance(), z);
  const Value shares =
      b.sub(b.mul(s.x(), all.pull_back(s.x(), ratio)), b.mul(b.constant(low), positive.pull_back(s.x(), ratio)));
  return b.sub(shares, b.mul(b.constant(high), negative.pull_back(s.x(), ratio)));
}

}  // namespace

RuleDef bounded_rule() {
  return {"Bounded",
          {{"low", "-1", "smallest value an input can take"}, {"high", "1", "largest value an input can take"}},
          "R_in = x * VJP(W; s) - low VJP(W+; s) - high VJP(W-; s), s = R / (Wx - W+ low - W- high)",
          [](const Parameters& p) {
            const double low = number(p, "low", -1), high = number(p, "high", 1);
            if (low > high) throw Error(ErrorCode::kInvalidArgument, "rule", "Bounded", "needs low <= high");
            return Rule{fmt::format("Bounded(low={}, high={})", low, high),
                        [=](const RuleSite& s) { return bounded(s, low, high); }};
          }};
}

}  // namespace signxai::rules
