// The layer as a map with transformed weights: the nodes between a call's input and its kernel output are replayed on
// other inputs and weights, so every kind of kernel layer works without being named here.
#include "graph/rewrite.h"
#include "rules/rule.h"

namespace signxai::rules {
namespace {

Value transform(graph::Builder& b, Value weight, Part part) {
  switch (part) {
    case Part::kAll: return weight;
    case Part::kPositive: return b.relu(weight);
    case Part::kNegative: return b.negative_part(weight);
    case Part::kSquared: return b.mul(weight, weight);
    case Part::kOnes: return b.broadcast(b.constant(1.0), Shape(b.shape(weight)));
    case Part::kNone: return b.broadcast(b.constant(0.0), Shape(b.shape(weight)));
  }
  return weight;
}

}  // namespace

LayerMap::LayerMap(const reverse::Site& site, Part kernel, Part bias) : site_(site) {
  for (const graph::Weight& w : site.call().weights) {
    weights_.emplace_back(w.value, transform(site.builder, w.value, w.role == "bias" ? bias : kernel));
  }
}

Value LayerMap::raw(Value x) const {
  auto substitute = weights_;
  substitute.emplace_back(site_.call().inputs.front(), x);
  return graph::replay(site_.builder, site_.call().kernel_output, substitute);
}

Value LayerMap::forward(Value x) const { return site_.selected(raw(x)); }

Value LayerMap::pull_back(Value x, Value signal) const {
  return graph::pull_back(site_.builder, forward(x), signal, {x}).front();
}

Value RuleSite::filled(double value) const {
  Shape shape = builder().shape(x());
  shape.front() = 1;
  return builder().broadcast(builder().constant(value), shape);
}

Value share_by_contribution(const RuleSite& site, bool bias, const std::function<Value(Value z)>& denominator) {
  const LayerMap map = site.map(Part::kAll, bias ? Part::kAll : Part::kNone);
  const Value z = map.forward(site.x());
  const Value ratio = site.builder().safe_div(site.relevance(z), denominator(z));
  return site.builder().mul(site.x(), map.pull_back(site.x(), ratio));
}

}  // namespace signxai::rules
