// The rules of zennit (Anders et al. 2021, arXiv 2106.13200), which differ from the reference's of the same name: each
// share has the part of the bias that belongs to it, and denominators are stabilised, s(z) = z + stabilizer sign(z).
// A rule is a sum over terms (x', W', b') of x with transformed input, kernel and bias:
//   R_in = sum_k x_k * VJP(W_k; R / s(sum_k W_k x_k + b_k)).
#include <fmt/format.h>

#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

struct Term {
  Part input, kernel, bias;
};

constexpr std::initializer_list<Term> kExcitatory = {{Part::kPositive, Part::kPositive, Part::kPositive},
                                                     {Part::kNegative, Part::kNegative, Part::kNone}};
constexpr std::initializer_list<Term> kInhibitory = {{Part::kPositive, Part::kNegative, Part::kNegative},
                                                     {Part::kNegative, Part::kPositive, Part::kNone}};
constexpr std::initializer_list<Term> kWhole = {{Part::kAll, Part::kAll, Part::kAll}};
constexpr std::initializer_list<Term> kSquares = {{Part::kOnes, Part::kSquared, Part::kSquared}};
constexpr std::initializer_list<Term> kEven = {{Part::kOnes, Part::kOnes, Part::kNone}};

Value input_of(const RuleSite& s, Part part) {
  if (part == Part::kPositive) return s.builder().relu(s.x());
  if (part == Part::kNegative) return s.builder().negative_part(s.x());
  return part == Part::kOnes ? s.filled(1.0) : s.x();
}

Value total_of(const RuleSite& s, std::initializer_list<Term> terms) {
  Value total;
  for (const Term& t : terms) {
    const Value z = s.map(t.kernel, t.bias).forward(input_of(s, t.input));
    total = total ? s.builder().add(total, z) : z;
  }
  return total;
}

/// sum_k x_k * VJP(W_k; signal).
Value returned(const RuleSite& s, std::initializer_list<Term> terms, Value signal) {
  Value total;
  for (const Term& t : terms) {
    const LayerMap map = s.map(t.kernel, t.bias);
    Value share;
    if (t.input == Part::kOnes) {
      s.tell_bias(map, s.x(), signal);
      share = map.pull_back(s.x(), signal);
    } else {
      share = s.share(map, input_of(s, t.input), signal);
    }
    total = total ? s.builder().add(total, share) : share;
  }
  return total;
}

/// relevance / s(z).
Value ratio(const RuleSite& s, Value relevance, Value z, double stabilizer) {
  return s.ratio(relevance, z, stabiliser(s.builder(), z, s.builder().constant(stabilizer)));
}

Value shared(const RuleSite& s, std::initializer_list<Term> terms, double stabilizer) {
  return returned(s, terms, ratio(s, s.arrived, total_of(s, terms), stabilizer));
}

/// W + gamma W' with W' what speaks for the sign of z, for the neurons where z has that sign.
Value strengthened(const RuleSite& s, double gamma, double stabilizer, bool positive) {
  graph::Builder& b = s.builder();
  const auto favoured = positive ? kExcitatory : kInhibitory;
  const Value z = total_of(s, kWhole), zero = b.constant(0.0), weight = b.constant(gamma);
  const Value chosen = positive ? b.make("less", {zero, z}) : b.make("less", {z, zero});
  const Value all = b.add(z, b.mul(weight, total_of(s, favoured)));
  const Value signal = ratio(s, b.mul(s.arrived, chosen), all, stabilizer);
  return b.add(returned(s, kWhole, signal), b.mul(weight, returned(s.weighted(gamma), favoured, signal)));
}

Value boxed(const RuleSite& s, double low, double high, double stabilizer) {
  graph::Builder& b = s.builder();
  const LayerMap all = s.map(Part::kAll, Part::kNone);
  const LayerMap up = s.map(Part::kPositive, Part::kNone), down = s.map(Part::kNegative, Part::kNone);
  const Value z = b.sub(b.sub(all.forward(s.x()), up.forward(s.filled(low))), down.forward(s.filled(high)));
  const Value signal = ratio(s, s.arrived, z, stabilizer);
  const Value rest = b.add(b.mul(b.constant(low), up.pull_back(s.x(), signal)),
                           b.mul(b.constant(high), down.pull_back(s.x(), signal)));
  return b.sub(b.mul(s.x(), all.pull_back(s.x(), signal)), rest);
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

Rule rule_of(std::string label, std::function<Value(const RuleSite&)> relevance) {
  Rule rule{std::move(label), nullptr};
  rule.of_inputs = [=](const RuleSite& s) { return std::vector{relevance(s)}; };
  return rule;
}

Rule make_epsilon(const Parameters& p) {
  const double epsilon = positive_number(p, "epsilon", 1e-6);
  return rule_of(fmt::format("zennit.Epsilon(epsilon={})", epsilon),
                 [=](const RuleSite& s) { return shared(s, kWhole, epsilon); });
}

Rule make_z_plus(const Parameters& p) {
  const double stabilizer = stabilizer_of(p);
  return rule_of("zennit.ZPlus", [=](const RuleSite& s) { return shared(s, kExcitatory, stabilizer); });
}

Rule make_alpha_beta(const Parameters& p) {
  const double alpha = number(p, "alpha", 2), beta = number(p, "beta", 1), stabilizer = stabilizer_of(p);
  if (alpha < 0 || beta < 0 || alpha - beta != 1) {
    throw Error(ErrorCode::kInvalidArgument, "rule", "zennit.AlphaBeta",
                fmt::format("needs alpha, beta >= 0 and alpha - beta = 1; got alpha={}, beta={}", alpha, beta));
  }
  return rule_of(fmt::format("zennit.AlphaBeta(alpha={}, beta={})", alpha, beta), [=](const RuleSite& s) {
    graph::Builder& b = s.builder();
    const Value excitatory = b.mul(b.constant(alpha), shared(s.weighted(alpha), kExcitatory, stabilizer));
    if (beta == 0) return excitatory;
    return b.sub(excitatory, b.mul(b.constant(beta), shared(s.weighted(-beta), kInhibitory, stabilizer)));
  });
}

Rule make_gamma(const Parameters& p) {
  const double gamma = non_negative_number(p, "gamma", 0.25), stabilizer = stabilizer_of(p);
  return rule_of(fmt::format("zennit.Gamma(gamma={})", gamma), [=](const RuleSite& s) {
    return s.builder().add(strengthened(s, gamma, stabilizer, true), strengthened(s, gamma, stabilizer, false));
  });
}

Rule make_w_square(const Parameters& p) {
  const double stabilizer = stabilizer_of(p);
  return rule_of("zennit.WSquare", [=](const RuleSite& s) { return shared(s, kSquares, stabilizer); });
}

Rule make_flat(const Parameters& p) {
  const double stabilizer = stabilizer_of(p);
  return rule_of("zennit.Flat", [=](const RuleSite& s) { return shared(s, kEven, stabilizer); });
}

Rule make_z_box(const Parameters& p) {
  const double low = required_number(p, "low", "zennit.ZBox"), high = required_number(p, "high", "zennit.ZBox");
  const double stabilizer = stabilizer_of(p);
  if (low > high) throw Error(ErrorCode::kInvalidArgument, "rule", "zennit.ZBox", "needs low <= high");
  return rule_of(fmt::format("zennit.ZBox(low={}, high={})", low, high),
                 [=](const RuleSite& s) { return boxed(s, low, high, stabilizer); });
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
