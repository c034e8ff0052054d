// Shares and terms as operations.
#include "rules/terms.h"

#include "rules/sign.h"

namespace signxai::rules {
namespace {

Value value_of(const RuleSite& s, const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kAll: break;
    case Operand::Kind::kPositive: return s.builder().relu(s.x());
    case Operand::Kind::kNegative: return s.builder().negative_part(s.x());
    case Operand::Kind::kSign: return sign_of(s.builder(), s.x());
    case Operand::Kind::kNumber: return s.filled(operand.number);
  }
  return s.x();
}

/// total + scale * value; an invalid total is nothing.
Value added(graph::Builder& b, Value total, double scale, Value value) {
  if (total && scale == -1) return b.sub(total, value);
  const Value scaled = scale == 1 ? value : b.mul(b.constant(scale), value);
  return total ? b.add(total, scaled) : scaled;
}

Value total_of(const RuleSite& s, const std::vector<Term>& terms) {
  Value total;
  for (const Term& t : terms) {
    total = added(s.builder(), total, t.scale, s.map(t.kernel, t.bias).forward(value_of(s, t.input)));
  }
  return total;
}

/// f_k * VJP(W_k; signal).
Value pulled(const RuleSite& s, const Term& term, Value signal) {
  const LayerMap map = s.map(term.kernel, term.bias);
  const Operand& factor = term.factor ? *term.factor : term.input;
  if (!term.factor && factor.kind != Operand::Kind::kNumber) return s.share(map, value_of(s, factor), signal);
  s.tell_bias(map, s.x(), signal);
  const Value back = map.pull_back(s.x(), signal);
  if (factor.kind != Operand::Kind::kNumber) return s.builder().mul(value_of(s, factor), back);
  return factor.number == 1 ? back : s.builder().mul(s.builder().constant(factor.number), back);
}

/// R where the share is for it, 0 elsewhere.
Value relevance_for(const RuleSite& s, Where where) {
  if (where == Where::kAll) return s.arrived;
  graph::Builder& b = s.builder();
  const Value z = total_of(s, {Term{{}, Part::kAll, Part::kAll}}), zero = b.constant(0.0);
  return b.mul(s.arrived, where == Where::kPositive ? b.make("less", {zero, z}) : b.make("less", {z, zero}));
}

/// The share without its weight.
Value shared(const RuleSite& s, const Share& share) {
  graph::Builder& b = s.builder();
  const Value z = total_of(s, share.denominator.empty() ? share.terms : share.denominator);
  const Value epsilon = share.epsilon > 0 ? stabiliser(b, z, b.constant(share.epsilon)) : Value{};
  const Value signal = s.ratio(relevance_for(s, share.where), z, epsilon);
  Value total;
  for (const Term& t : share.terms) total = added(b, total, t.scale, pulled(s.weighted(t.scale), t, signal));
  return total;
}

}  // namespace

Rule rule_of_shares(std::string label, std::vector<Share> shares) {
  Rule rule{std::move(label), nullptr};
  rule.of_inputs = [shares = std::move(shares)](const RuleSite& s) {
    Value total;
    for (const Share& share : shares) {
      if (share.weight == 0) continue;
      total = added(s.builder(), total, share.weight, shared(s.weighted(share.weight), share));
    }
    return std::vector{total ? total : s.filled(0.0)};
  };
  return rule;
}

}  // namespace signxai::rules
