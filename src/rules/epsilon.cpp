// LRP-epsilon (Bach et al. 2015): R_in = x * VJP(W; R / (z + epsilon * sign(z))), with sign(0) = +1.
// StdxEpsilon takes epsilon = stdfactor * std(x), the population standard deviation of the layer's input per sample.
#include <fmt/format.h>

#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

double checked_epsilon(const Parameters& parameters) {
  const double epsilon = number(parameters, "epsilon", 1e-7);
  if (epsilon > 0) return epsilon;
  throw Error(ErrorCode::kInvalidArgument, "rule", "epsilon", fmt::format("must be positive; got {}", epsilon));
}

Rule epsilon_with(double epsilon, bool bias) {
  return {fmt::format("Epsilon(epsilon={}{})", epsilon, bias ? "" : ", bias=0"), [=](const RuleSite& s) {
            return share_by_contribution(
                s, bias, [&](Value z) { return stabiliser(s.builder(), z, s.builder().constant(epsilon)); });
          }};
}

/// Standard deviation of each sample of x, with the rank of `like` so that it broadcasts against it.
Value deviation(graph::Builder& b, Value x, Value like) {
  graph::Ints axes;
  for (std::size_t i = 1; i < b.shape(x).size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  const Value centred = b.sub(x, b.reduce("reduce_mean", x, axes, true));
  const Value variance = b.reduce("reduce_mean", b.mul(centred, centred), axes, true);
  Shape shape(b.shape(like).size(), 1);
  shape.front() = b.shape(x).front();
  return b.unary("sqrt", b.reshape(variance, shape));
}

const std::vector<ParameterInfo> kEpsilonParameters = {{"epsilon", "1e-07", "stabiliser added to the denominator, > 0"},
                                                       {"bias", "1", "0: leave the bias out of z"}};

}  // namespace

Value stabiliser(graph::Builder& b, Value z, Value epsilon) {
  const Value sign = b.select(b.make("greater_equal", {z, b.constant(0.0)}), b.constant(1.0), b.constant(-1.0));
  return b.mul(epsilon, sign);
}

RuleDef epsilon_rule() {
  return {"Epsilon", kEpsilonParameters, "R_in = x * VJP(W; R / (z + epsilon sign(z))), z = Wx + b",
          [](const Parameters& p) { return epsilon_with(checked_epsilon(p), flag(p, "bias", true)); }};
}

RuleDef epsilon_ignore_bias_rule() {
  return {"EpsilonIgnoreBias",
          {kEpsilonParameters.front()},
          "R_in = x * VJP(W; R / (z + epsilon sign(z))), z = Wx",
          [](const Parameters& p) { return epsilon_with(checked_epsilon(p), false); }};
}

RuleDef std_epsilon_rule() {
  return {"StdxEpsilon",
          {{"stdfactor", "0.25", "epsilon as a multiple of the standard deviation of the layer's input"},
           {"bias", "1", "0: leave the bias out of z"}},
          "R_in = x * VJP(W; R / (z + stdfactor std(x) sign(z)))",
          [](const Parameters& p) {
            const double factor = number(p, "stdfactor", 0.25);
            const bool bias = flag(p, "bias", true);
            return Rule{fmt::format("StdxEpsilon(stdfactor={}{})", factor, bias ? "" : ", bias=0"),
                        [=](const RuleSite& s) {
                          graph::Builder& b = s.builder();
                          return share_by_contribution(s, bias, [&](Value z) {
                            return stabiliser(b, z, b.mul(b.constant(factor), deviation(b, s.x(), z)));
                          });
                        }};
          }};
}

}  // namespace signxai::rules
