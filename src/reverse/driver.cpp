// The walk over the layer calls.
#include "reverse/driver.h"

#include <algorithm>

namespace signxai::reverse {

using graph::Value;

Value Site::seeded(Value own) const {
  const Value signal = start.seed ? builder.broadcast(builder.constant(*start.seed), Shape(builder.shape(own))) : own;
  const Value begun = start.selection.weigh(builder, call().output, signal);
  if (start.ledger) start.ledger->seed(builder, begun);
  return begun;
}

Value Site::sum(std::span<const Value> incoming) const {
  Value total = incoming.front();
  for (Value value : incoming.subspan(1)) total = builder.add(total, value);
  return total;
}

Value Site::ratio(Value relevance, Value z, Value stabiliser, double weight) const {
  const Value denominator = stabiliser ? builder.add(z, stabiliser) : z;
  const Value ratio = builder.safe_div(relevance, denominator);
  if (!start.ledger) return ratio;
  if (stabiliser) absorb(Absorber::kStabiliser, builder.mul(ratio, stabiliser), weight);
  const Value zero = builder.constant(0.0);  // where safe_div divides by its own stabiliser
  absorb(Absorber::kStabiliser, builder.select(builder.make("equal", {denominator, zero}), relevance, zero), weight);
  return ratio;
}

void Site::absorb(Absorber by, Value amount, double weight) const {
  start.ledger->absorb(builder, by, builder.mul(amount, builder.constant(weight)));
}

namespace {

/// Whether each call is a head of the walk.
std::vector<bool> find_heads(const graph::Network& network, const Start& start) {
  std::vector<bool> heads(network.calls.size(), start.inner_call < 0 && start.heads.empty());
  for (const auto& call : network.calls) {
    for (int producer : call.producers) heads[static_cast<std::size_t>(producer)] = false;
  }
  for (int call : start.heads) heads[static_cast<std::size_t>(call)] = true;
  return heads;
}

}  // namespace

std::vector<Arrival> walk(graph::Builder& builder, const graph::Network& network, const Step& step,
                          const Start& start) {
  const std::size_t count = network.calls.size();
  std::vector<Arrival> arrivals(count);
  std::vector<std::vector<Value>> pending(count);
  const std::vector<bool> heads = find_heads(network, start);
  if (start.inner_call >= 0) pending[static_cast<std::size_t>(start.inner_call)].push_back(start.inner_cotangent);
  for (std::size_t i = count; i-- > 0;) {
    if (!heads[i] && pending[i].empty()) continue;
    const auto& call = network.calls[i];
    builder.set_origin(call.name);
    if (start.ledger) {
      start.ledger->open(static_cast<int>(i));
      for (Value value : pending[i]) start.ledger->arrive(builder, value);
    }
    if (heads[i]) pending[i].clear();
    const Site site{builder, network, static_cast<int>(i), start, heads[i]};
    if (!heads[i]) arrivals[i].output = site.sum(pending[i]);
    if (call.inputs.empty() || call.kind == graph::LayerKind::kEmbedding) continue;
    arrivals[i].inputs = step.pull(site, pending[i]);
    for (std::size_t k = 0; k < arrivals[i].inputs.size(); ++k) {
      const Value share = arrivals[i].inputs[k];
      if (!share) continue;
      pending[static_cast<std::size_t>(call.producers[k])].push_back(share);
      if (start.ledger) start.ledger->hand_on(builder, share);
    }
  }
  return arrivals;
}

namespace {

/// Pooling between the call's inputs and `value` that hands the whole gradient to each of several tied maxima.
Value tied_pooling(const Site& site, Value value) {
  const auto& inputs = site.call().inputs;
  if (std::find(inputs.begin(), inputs.end(), value) != inputs.end()) return {};
  const graph::Node& node = site.builder[value];
  if (node.is("max_pool") && node.attrs.text("ties") != "first") return value;
  for (Value input : node.inputs) {
    if (const Value found = tied_pooling(site, input)) return found;
  }
  return {};
}

/// The same value with one winner in each window, where the semantics ask for that (SEMANTICS Q20).
Value with_one_winner(const Site& site, Value target) {
  if (site.call().class_name.find("Pooling") == std::string::npos) return target;
  const Value pooling = tied_pooling(site, target);
  if (!pooling || !site.fixes(Quirk::kPoolTies)) return target;
  const graph::Node node = site.builder[pooling];
  graph::Attrs attrs = node.attrs;
  attrs.set("ties", std::string("first"));
  return graph::replay(site.builder, target, {{pooling, site.builder.make("max_pool", node.inputs, attrs)}});
}

}  // namespace

std::vector<Value> vjp(const Site& site, Value given, Value cotangent, const graph::Derivative* derivative) {
  const Value target = with_one_winner(site, given);
  std::vector<Value> unique;
  for (Value input : site.call().inputs) {
    if (std::find(unique.begin(), unique.end(), input) == unique.end()) unique.push_back(input);
  }
  std::vector<Value> cotangents = graph::pull_back(site.builder, site.selected(target), cotangent, unique, derivative);
  std::vector<Value> result;
  for (Value input : site.call().inputs) {
    const auto at = std::find(unique.begin(), unique.end(), input);
    Value& share = cotangents[static_cast<std::size_t>(at - unique.begin())];
    result.push_back(share);
    share = {};
  }
  return result;
}

}  // namespace signxai::reverse
