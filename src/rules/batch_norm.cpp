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
  return b.safe_div(numerator, b.add(denominator, b.mul(b.constant(1e-7), sign)));
}

}  // namespace signxai::rules
