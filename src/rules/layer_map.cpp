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

LayerMap::LayerMap(const reverse::Site& site, Part kernel, Part bias)
    : site_(site), has_bias_(bias != Part::kNone && site.call().weight("bias")) {
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

Value LayerMap::bias_share(Value x, Value signal) const {
  graph::Builder& b = site_.builder;
  if (!has_bias_) return {};
  Shape shape = b.shape(x);
  shape.front() = 1;
  const Value z = raw(x), nothing = b.broadcast(b.constant(0.0), shape);
  return b.mul(graph::pull_back(b, site_.selected(z), signal, {z}).front(), raw(nothing));
}

Value RuleSite::filled(double value) const {
  Shape shape = builder().shape(x());
  shape.front() = 1;
  return builder().broadcast(builder().constant(value), shape);
}

void RuleSite::tell_bias(const LayerMap& map, Value x, Value ratio) const {
  if (!site.start.ledger) return;
  if (const Value taken = map.bias_share(x, ratio)) site.absorb(reverse::Absorber::kBias, taken, weight);
}

Value RuleSite::share(const LayerMap& map, Value x, Value ratio) const {
  tell_bias(map, x, ratio);
  return builder().mul(x, map.pull_back(x, ratio));
}

Value share_by_contribution(const RuleSite& site, bool bias, const std::function<Value(Value z)>& stabiliser) {
  const LayerMap map = site.map(Part::kAll, bias ? Part::kAll : Part::kNone);
  const Value z = map.forward(site.x());
  const Value ratio = site.ratio(site.relevance(z), z, stabiliser ? stabiliser(z) : Value{});
  return site.share(map, site.x(), ratio);
}

}  // namespace signxai::rules
