// LRP inside a layer, operation by operation, for layers that are no single affine map: recurrence, attention,
// normalisation, products. Relevance of a value is the value times its cotangent, so that a rule per operation is
// another derivative per operation, and nothing is divided by a sum:
//   sums, linear maps         the derivative: shares by contribution, a bias keeps its share (epsilon rule, epsilon ->
//   0) y = f(x) element by element   y / x (identity rule), so that all relevance of y goes to x gate * signal the
//   signal takes all (Arras et al. 2017, doi 10.18653/v1/W17-5221; 2019) other products, A B       half of the
//   derivative to each factor (uniform rule) x / deviation             the divisor counts as given, also in
//   normalisation softmax                   the derivative, R_x = x (R - s sum R)
// The last three are AttnLRP (Achtibat et al. 2024, arXiv 2402.05602).
#pragma once

#include "graph/rewrite.h"

namespace signxai::rules {

/// The derivative of one of the operations above. Immutable, safe to share.
class Detached : public graph::Derivative {
 public:
  std::optional<std::vector<std::pair<graph::Value, graph::Value>>> shares(const graph::PullBackArgs& args,
                                                                           const graph::Flow& flow) const override;

 protected:
  /// Which factor of a product is a gate, or -1.
  virtual int gate_of(const graph::PullBackArgs& args) const;
};

/// What the operations between `sources` and `target` do that a layer without kernel is no mere movement of values for.
struct Parts {
  bool recurrence = false, softmax = false, product = false, divisor = false, sum = false, curve = false;

  bool mixes() const { return recurrence || softmax || product || divisor || sum; }
};
Parts parts_of(const graph::Graph& graph, graph::Value target, const std::vector<graph::Value>& sources);

}  // namespace signxai::rules
