// LRP through a layer without kernel that computes with values of several places. With the derivatives D of
// detached.h in place of the layer's own, y' = D x for each input x:
//   R_in = x * VJP(D; R / y)
// What biases inside the layer take and a softmax keeps stays there; the ledger names it nobody's.
#include "rules/inner/detached.h"
#include "rules/layers.h"

namespace signxai::rules {

std::vector<Value> through_whole_layer(const reverse::Site& site, Value relevance) {
  static const Detached derivative;
  graph::Builder& b = site.builder;
  const graph::LayerCall& call = site.call();
  std::vector<Value> shares = reverse::vjp(site, call.output, site.ratio(relevance, call.output), &derivative);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i]) shares[i] = b.mul(call.inputs[i], shares[i]);
  }
  return shares;
}

const char* whole_layer_treatment(const graph::Graph& graph, const graph::LayerCall& call) {
  const Parts parts = parts_of(graph, call.output, call.inputs);
  if (parts.recurrence) return "signal takes all";
  if (parts.softmax) return parts.product ? "AttnLRP" : "AttnLRP softmax";
  if (parts.divisor) return "by contribution, divisor fixed";
  if (parts.product) return "half to each factor";
  if (parts.sum) return "share by contribution";
  const bool moved_curve = parts.curve && graph.type(call.inputs.front()).shape != graph.type(call.output).shape;
  return moved_curve ? "identity" : nullptr;
}

}  // namespace signxai::rules
