// LRP through batch normalisation, in the order of products of the reference, with one denominator per sample.
#include "rules/layers.h"

namespace signxai::rules {

Value through_batch_norm(const reverse::Site& site, Value relevance) {
  graph::Builder& b = site.builder;
  const graph::LayerCall& call = site.call();
  const Value x = call.inputs.front(), y = call.output, zero = b.constant(0.0);
  const Value beta = call.weight("beta"), mean = call.weight("moving_mean");
  const Value shifted = beta ? b.sub(y, beta) : y;
  const Value numerator = b.mul(b.mul(x, shifted), relevance);
  const Value denominator = b.mul(mean ? b.sub(x, mean) : x, y);
  const Value sign = b.select(b.make("greater_equal", {denominator, zero}), b.constant(1.0), b.constant(-1.0));
  const Value stabiliser = b.mul(b.constant(1e-7), sign), whole = b.add(denominator, stabiliser);
  if (site.start.ledger) {
    // (x - mean) y - x (y - beta), what the denominator has more than the numerator
    const Value absent = b.constant(0.0);
    const Value shift = b.sub(beta ? b.mul(x, beta) : absent, mean ? b.mul(mean, y) : absent);
    site.absorb(reverse::Absorber::kBias, b.safe_div(b.mul(shift, relevance), whole));
    site.absorb(reverse::Absorber::kStabiliser, b.safe_div(b.mul(stabiliser, relevance), whole));
  }
  return b.safe_div(numerator, whole);
}

}  // namespace signxai::rules
