// Products of a map with the input or with a sign of it, which a method's name asks for at its end.
#include <cmath>

#include "methods/method.h"
#include "rules/rule.h"
#include "rules/sign.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

/// Threshold and values of the sign with a threshold.
struct Threshold {
  double mu, low, high;
};

Threshold threshold_of(const Parameters& parameters) {
  const Threshold t{rules::number(parameters, "mu", 0), rules::number(parameters, "vlow", -1),
                    rules::number(parameters, "vhigh", 1)};
  if (!(t.low < t.high)) throw Error(ErrorCode::kInvalidArgument, "method", "vlow", "must be below vhigh");
  return t;
}

Value multiplied(const MethodSite& site, Value map, Factor factor, const Parameters& parameters) {
  graph::Builder& b = site.builder;
  switch (factor) {
    case Factor::kNone: return map;
    case Factor::kInput: return b.mul(map, site.input());
    case Factor::kSign: return b.mul(map, rules::sign_of(b, site.input()));
    case Factor::kInputSign: return b.mul(b.mul(map, site.input()), rules::sign_of(b, site.input()));
    case Factor::kSignMu: break;
  }
  const Threshold t = threshold_of(parameters);
  const Value mu = b.constant(t.mu);
  return b.mul(map, rules::sign_of_threshold(b, site.input(), mu, t.low, t.high, site.start.semantics));
}

/// As rules::sign_of.
double sign_of(float x) { return x < 0 && !std::isinf(x) ? -1 : 1; }

/// As rules::sign_of_threshold.
double sign_of(float x, const Threshold& t, bool in_one_step) {
  const auto mu = static_cast<float>(t.mu);
  if (in_one_step) return x < mu ? t.low : t.high;
  const double lowered = x < mu ? t.low : x;
  return lowered >= mu ? t.high : lowered;
}

}  // namespace

std::span<const ParameterInfo> factor_parameters(Factor factor) {
  static const std::vector<ParameterInfo> sign_mu = {
      {"mu", "", "threshold of the sign"}, {"vlow", "-1", "value below it"}, {"vhigh", "1", "value from it on"}};
  if (factor != Factor::kSignMu) return {};
  return sign_mu;
}

Parameters Resolved::of_map() const {
  Parameters rest = parameters;
  for (const ParameterInfo& info : factor_parameters(factor)) rest.erase(info.name);
  return rest;
}

std::vector<Value> Resolved::build(const MethodSite& site) const {
  std::vector<Value> values;
  if (def->build) {
    values = def->build(site, parameters);
  } else {
    values = {site.relevance(rules::LrpStep(def->composite(site.network, parameters, site.start.semantics)))};
  }
  if (!def->sampling) values.front() = multiplied(site, values.front(), factor, parameters);
  return values;
}

void Resolved::multiply(std::span<const float> x, std::span<double> map, const reverse::Semantics& semantics) const {
  if (factor == Factor::kNone) return;
  const Threshold t = threshold_of(parameters);
  const bool in_one_step =
      factor == Factor::kSignMu && t.mu <= t.low && semantics.fixes(reverse::Quirk::kSignThreshold);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (factor == Factor::kInput || factor == Factor::kInputSign) map[i] *= x[i];
    if (factor == Factor::kSign || factor == Factor::kInputSign) map[i] *= sign_of(x[i]);
    if (factor == Factor::kSignMu) map[i] *= sign_of(x[i], t, in_one_step);
  }
}

}  // namespace signxai::methods
