// SIGN and SIGNmu (Gumpfer et al. 2023): as the Z rule, but each input counts with its sign instead of its value, so
// that inputs near zero get relevance too: R_in = s(x) * VJP(W; R / (Wx + b)).
#include "rules/sign.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

template <typename SignFunction>
Value share_by_sign(const RuleSite& s, SignFunction&& sign) {
  const LayerMap map = s.map(Part::kAll, Part::kAll);
  const Value z = map.forward(s.x());
  const Value ratio = s.ratio(s.relevance(z), z);
  s.tell_bias(map, s.x(), ratio);
  return s.builder().mul(sign(s.x()), map.pull_back(s.x(), ratio));
}

/// A list as mu: one threshold per entry of the last axis, or per element of the sample.
Value threshold(const RuleSite& s, const std::vector<double>& mu) {
  graph::Builder& b = s.builder();
  if (mu.size() == 1) return b.constant(mu.front());
  const Shape& shape = b.shape(s.x());
  const std::vector<float> values(mu.begin(), mu.end());
  const auto count = static_cast<std::int64_t>(mu.size());
  if (count == shape.back()) return b.constant(graph::Literal({count}, values));
  const Shape sample(shape.begin() + 1, shape.end());
  if (count == element_count(sample)) return b.constant(graph::Literal(sample, values));
  throw Error(ErrorCode::kInvalidArgument, "rule", "SIGNmu",
              fmt::format("mu has {} entries; expected 1, {} (last axis of layer '{}') or {} (its whole input)", count,
                          shape.back(), s.site.call().name, element_count(sample)));
}

}  // namespace

Value sign_of(graph::Builder& b, Value x) {
  const Value lowest = b.constant(-std::numeric_limits<double>::infinity());
  const Value negative = b.make("less", {x, b.constant(0.0)});
  const Value infinite = b.make("equal", {x, lowest});
  return b.select(b.sub(negative, infinite), b.constant(-1.0), b.constant(1.0));
}

Value sign_of_threshold(graph::Builder& b, Value x, Value mu, double low, double high,
                        const reverse::Semantics& semantics) {
  const graph::Literal* limits = b.graph().literal(mu);
  const bool overlaps =
      limits && std::any_of(limits->data(), limits->data() + limits->size(), [=](float m) { return m <= low; });
  if (overlaps && semantics.fixes(reverse::Quirk::kSignThreshold)) {
    return b.select(b.make("less", {x, mu}), b.constant(low), b.constant(high));
  }
  const Value lowered = b.select(b.make("less", {x, mu}), b.constant(low), x);
  return b.select(b.make("greater_equal", {lowered, mu}), b.constant(high), lowered);
}

RuleDef sign_rule() {
  return {"SIGN", {}, "R_in = s(x) * VJP(W; R / (Wx + b)), s(x) = x / |x|", [](const Parameters&) {
            return Rule{"SIGN", [](const RuleSite& s) {
                          return share_by_sign(s, [&](Value x) { return sign_of(s.builder(), x); });
                        }};
          }};
}

RuleDef sign_mu_rule() {
  return {"SIGNmu",
          {{"mu", "0", "threshold of the sign, a number or a list"}},
          "R_in = s_mu(x) * VJP(W; R / (Wx + b)), s_mu(x) = -1 below mu, +1 from mu on",
          [](const Parameters& p) {
            std::vector<double> mu = {0.0};
            if (const auto it = p.find("mu"); it != p.end()) {
              if (const auto* list = std::get_if<std::vector<double>>(&it->second)) {
                mu = *list;
              } else {
                mu = {number(p, "mu", 0)};
              }
            }
            return Rule{mu.size() == 1 ? fmt::format("SIGNmu(mu={})", mu.front()) : "SIGNmu(mu=[...])",
                        [=](const RuleSite& s) {
                          graph::Builder& b = s.builder();
                          return share_by_sign(s, [&](Value x) {
                            return sign_of_threshold(b, x, threshold(s, mu), -1, 1, s.site.start.semantics);
                          });
                        }};
          }};
}

}  // namespace signxai::rules
