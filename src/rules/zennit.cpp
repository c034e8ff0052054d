// The rules of zennit (Anders et al. 2021, arXiv 2106.13200), which differ from the reference's of the same name: each
// share has the part of the bias that belongs to it, and denominators are stabilised, s(z) = z + stabilizer sign(z).
// They are sums over terms (terms.h).
#include <fmt/format.h>

#include "rules/terms.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

constexpr Operand kPositive{Operand::Kind::kPositive}, kNegative{Operand::Kind::kNegative};

Operand everywhere(double value) { return {Operand::Kind::kNumber, value}; }

const Term kWhole{{}, Part::kAll, Part::kAll};

/// What speaks for an output above zero, or for one below.
std::vector<Term> favouring(bool positive, double scale = 1) {
  const Part first = positive ? Part::kPositive : Part::kNegative,
             second = positive ? Part::kNegative : Part::kPositive;
  return {{kPositive, first, first, scale}, {kNegative, second, Part::kNone, scale}};
}

/// W + gamma W' with W' what speaks for the sign of z, for the neurons where z has that sign.
Share strengthened(double gamma, double stabilizer, bool positive) {
  std::vector<Term> terms = favouring(positive, gamma);
  terms.insert(terms.begin(), kWhole);
  return {1, std::move(terms), {}, stabilizer, positive ? Where::kPositive : Where::kNegative};
}

double non_negative_number(const Parameters& p, const std::string& name, double fallback) {
  const double value = number(p, name, fallback);
  if (value >= 0) return value;
  throw Error(ErrorCode::kInvalidArgument, "rule", name, fmt::format("must not be negative; got {}", value));
}

double positive_number(const Parameters& p, const std::string& name, double fallback) {
  const double value = number(p, name, fallback);
  if (value > 0) return value;
  throw Error(ErrorCode::kInvalidArgument, "rule", name, fmt::format("must be positive; got {}", value));
}

double stabilizer_of(const Parameters& p) { return positive_number(p, "stabilizer", 1e-6); }

Rule single(std::string label, std::vector<Term> terms, double stabilizer) {
  return rule_of_shares(std::move(label), {{1, std::move(terms), {}, stabilizer}});
}

Rule make_epsilon(const Parameters& p) {
  const double epsilon = positive_number(p, "epsilon", 1e-6);
  return single(fmt::format("zennit.Epsilon(epsilon={})", epsilon), {kWhole}, epsilon);
}

Rule make_z_plus(const Parameters& p) { return single("zennit.ZPlus", favouring(true), stabilizer_of(p)); }

Rule make_alpha_beta(const Parameters& p) {
  const double alpha = number(p, "alpha", 2), beta = number(p, "beta", 1), stabilizer = stabilizer_of(p);
  if (alpha < 0 || beta < 0 || alpha - beta != 1) {
    throw Error(ErrorCode::kInvalidArgument, "rule", "zennit.AlphaBeta",
                fmt::format("needs alpha, beta >= 0 and alpha - beta = 1; got alpha={}, beta={}", alpha, beta));
  }
  return rule_of_shares(fmt::format("zennit.AlphaBeta(alpha={}, beta={})", alpha, beta),
                        {{alpha, favouring(true), {}, stabilizer}, {-beta, favouring(false), {}, stabilizer}});
}

Rule make_gamma(const Parameters& p) {
  const double gamma = non_negative_number(p, "gamma", 0.25), stabilizer = stabilizer_of(p);
  return rule_of_shares(fmt::format("zennit.Gamma(gamma={})", gamma),
                        {strengthened(gamma, stabilizer, true), strengthened(gamma, stabilizer, false)});
}

Rule make_w_square(const Parameters& p) {
  return single("zennit.WSquare", {{everywhere(1), Part::kSquared, Part::kSquared}}, stabilizer_of(p));
}

Rule make_flat(const Parameters& p) {
  return single("zennit.Flat", {{everywhere(1), Part::kOnes, Part::kNone}}, stabilizer_of(p));
}

Rule make_z_box(const Parameters& p) {
  const double low = required_number(p, "low", "zennit.ZBox"), high = required_number(p, "high", "zennit.ZBox");
  const double stabilizer = stabilizer_of(p);
  if (low > high) throw Error(ErrorCode::kInvalidArgument, "rule", "zennit.ZBox", "needs low <= high");
  return single(fmt::format("zennit.ZBox(low={}, high={})", low, high),
                {{{}, Part::kAll, Part::kNone},
                 {everywhere(low), Part::kPositive, Part::kNone, -1},
                 {everywhere(high), Part::kNegative, Part::kNone, -1}},
                stabilizer);
}

}  // namespace

std::vector<RuleDef> zennit_rules() {
  const ParameterInfo stabilizer{"stabilizer", "1e-06", "added to the denominator with its sign, > 0"};
  return {
      {"zennit.Epsilon",
       {{"epsilon", "1e-06", "stabiliser added to the denominator, > 0"}},
       "R_in = x * VJP(W; R / s(Wx + b))",
       make_epsilon},
      {"zennit.ZPlus", {stabilizer}, "R_in = x+ VJP(W+; u) + x- VJP(W-; u), u = R / s(W+x+ + W-x- + b+)", make_z_plus},
      {"zennit.AlphaBeta",
       {{"alpha", "2", "alpha - beta = 1"}, {"beta", "1", "alpha - beta = 1"}, stabilizer},
       "alpha ZPlus - beta times the same with W+ and W- exchanged and b- for b+",
       make_alpha_beta},
      {"zennit.Gamma",
       {{"gamma", "0.25", "how much contributions of the output's sign are strengthened, 0 or more"}, stabilizer},
       "Epsilon with W + gamma W', where W' speaks for the sign of z",
       make_gamma},
      {"zennit.WSquare", {stabilizer}, "R_in = VJP(W^2; R / s(W^2 1 + b^2))", make_w_square},
      {"zennit.Flat", {stabilizer}, "R_in = VJP(1; R / s(1 1))", make_flat},
      {"zennit.ZBox",
       {{"low", "", "smallest value an input can take"}, {"high", "", "largest value an input can take"}, stabilizer},
       "R_in = x VJP(W; u) - low VJP(W+; u) - high VJP(W-; u), u = R / s(Wx - W+ low - W- high)",
       make_z_box},
  };
}

}  // namespace signxai::rules
