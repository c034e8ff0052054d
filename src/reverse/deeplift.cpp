// DeepLIFT, rescale rule (Shrikumar et al. 2017, arXiv 1704.02685), in the form of captum 0.9. With dx = x - x0 the
// difference to the baseline, m_in = m_out dy/dx at activations; for max pooling
//   m_in = (scatter(m_out (max(y, y0) - y0)) + scatter0(m_out (y - max(y, y0)))) / dx,
// where scatter and scatter0 go to the maxima of x and of x0; everything else is linear or taken so: its gradient at x.
// Where |dx| < 1e-10 the gradient takes the place of the quotient. The network is in the graph twice, at x and at x0.
#include "reverse/deeplift.h"

#include <algorithm>
#include <cctype>

#include "graph/op.h"
#include "graph/rewrite.h"

namespace signxai::reverse {
namespace {

using graph::Value;

/// Whether the layer applies a function element by element that is no linear one.
bool has_activation(const graph::LayerCall& call) {
  std::string name = call.class_name;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return !call.activation.empty() || name.find("elu") != std::string::npos;
}

/// Whether every operation between the two values works element by element.
bool is_elementwise(const graph::Graph& graph, Value from, Value to) {
  std::vector<Value> open = {to};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (value == from) continue;
    const graph::Node& node = graph[value];
    if (node.op->kind != graph::OpKind::kPointwise && node.op->kind != graph::OpKind::kLeaf) return false;
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  return true;
}

bool is_max_pooling(const graph::LayerCall& call) { return call.class_name.find("MaxPooling") != std::string::npos; }

/// a / difference, or `otherwise` where there is no difference.
Value quotient(graph::Builder& b, Value a, Value difference, Value otherwise) {
  const Value none = b.make("less", {b.unary("abs", difference), b.constant(kNoDifference)});
  return b.select(none, otherwise, b.div(a, b.select(none, b.constant(1.0), difference)));
}

}  // namespace

DeepLiftStep::DeepLiftStep(graph::Builder& builder, const graph::Network& network, const std::vector<Value>& baselines,
                           bool rescales_pools)
    : rescales_pools_(rescales_pools), baseline_(static_cast<std::size_t>(network.graph.size())) {
  const std::vector<Value>& inputs = network.graph.inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) baseline_[static_cast<std::size_t>(inputs[i].id)] = baselines[i];
  for (std::int32_t i = 0; i < network.graph.size(); ++i) {
    const graph::Node& node = network.graph[Value{i}];
    std::vector<Value> moved;
    bool changes = false;
    for (Value input : node.inputs) {
      moved.push_back(at_baseline(input));
      changes = changes || moved.back() != input;
    }
    if (changes) baseline_[static_cast<std::size_t>(i)] = builder.remake(node, std::move(moved));
  }
}

Value DeepLiftStep::at_baseline(Value value) const {
  const Value found = baseline_[static_cast<std::size_t>(value.id)];
  return found ? found : value;
}

/// The multiplier of `from` given that of `to`, where a function stands between that works element by element.
std::vector<Value> DeepLiftStep::through(const Site& site, Value from, Value to, Value signal) const {
  graph::Builder& b = site.builder;
  const Value slope = graph::pull_back(b, to, signal, {from}).front();
  const Value difference = b.sub(from, at_baseline(from));
  return {quotient(b, b.mul(signal, b.sub(to, at_baseline(to))), difference, slope)};
}

std::vector<Value> DeepLiftStep::through_pool(const Site& site, Value signal) const {
  graph::Builder& b = site.builder;
  const Value x = site.call().inputs.front(), y = site.call().output;
  const Value y0 = at_baseline(y), top = b.make("maximum", {y, y0});
  // The scatter of the baseline needs a baseline of the same batch.
  const Value x0 = b.broadcast(at_baseline(x), Shape(b.shape(x)));
  const Value pooled0 = graph::replay(b, y, {{x, x0}});
  const Value here = graph::pull_back(b, y, b.mul(signal, b.sub(top, y0)), {x}).front();
  const Value there = graph::pull_back(b, pooled0, b.mul(signal, b.sub(y, top)), {x0}).front();
  const Value slope = graph::pull_back(b, y, signal, {x}).front();
  return {quotient(b, b.add(here, there), b.sub(x, x0), slope)};
}

std::vector<Value> DeepLiftStep::pull(const Site& site, std::span<const Value> incoming) const {
  const graph::LayerCall& call = site.call();
  graph::Builder& b = site.builder;
  Value signal;
  if (site.is_head()) {
    const Value chosen = site.selected(call.output);
    const Value one = b.broadcast(b.constant(1.0), Shape(b.shape(chosen)));
    signal = graph::pull_back(b, chosen, site.seeded(one), {call.output}).front();
  } else {
    signal = site.sum(incoming);
  }
  const Site inner = site.inner();
  if (rescales_pools_ && is_max_pooling(call)) return through_pool(inner, signal);
  const bool kernel = call.kind == graph::LayerKind::kKernel;
  const Value from = kernel ? call.kernel_output : call.inputs.front();
  const bool rescaled = has_activation(call) && from != call.output && (kernel || call.inputs.size() == 1) &&
                        is_elementwise(b.graph(), from, call.output);
  if (!rescaled) return vjp(inner, call.output, signal);
  const std::vector<Value> multiplier = through(inner, from, call.output, signal);
  return kernel ? vjp(inner, from, multiplier.front()) : multiplier;
}

}  // namespace signxai::reverse
