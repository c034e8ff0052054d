// Layer predicates, and the LRP step which applies a composite.
#include "rules/composite.h"

#include <algorithm>
#include <array>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "rules/layers.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

using graph::LayerKind;
using graph::Network;

const graph::LayerCall& call_at(const Network& network, int index) {
  return network.calls[static_cast<std::size_t>(index)];
}

bool skips_to_input(const graph::LayerCall& call) {
  static constexpr std::array kTransparent = {"Flatten",       "Permute",       "Reshape",
                                              "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"};
  return std::find(kTransparent.begin(), kTransparent.end(), call.class_name) != kTransparent.end();
}

bool reaches_only_inputs(const Network& network, int index) {
  const graph::LayerCall& call = call_at(network, index);
  if (call.kind == LayerKind::kInput) return true;
  return skips_to_input(call) && std::all_of(call.producers.begin(), call.producers.end(),
                                             [&](int p) { return reaches_only_inputs(network, p); });
}

bool keeps_shape(const reverse::Site& site) {
  const graph::LayerCall& call = site.call();
  return call.inputs.size() == 1 && site.builder.shape(call.inputs.front()) == site.builder.shape(call.output);
}

bool keeps_shape(const Network& network, int index) {
  const graph::LayerCall& call = call_at(network, index);
  return call.inputs.size() == 1 && network.graph.type(call.inputs.front()) == network.graph.type(call.output);
}

/// Whether the layer moves values about, so that relevance has to be moved back although the shapes agree.
bool moves_values(const reverse::Site& site) {
  const graph::LayerCall& call = site.call();
  std::vector<Value> open = {call.output};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (std::find(call.inputs.begin(), call.inputs.end(), value) != call.inputs.end()) continue;
    const graph::Node& node = site.builder[value];
    const bool pointwise = node.op->kind == graph::OpKind::kPointwise || node.op->kind == graph::OpKind::kLeaf;
    const bool neutral = node.op->kind == graph::OpKind::kReduce || node.is("reshape") || node.is("broadcast");
    if (!pointwise && !neutral) return true;
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  return false;
}

/// Relevance is handed on unchanged: the shapes agree, which the reference asks for alone (SEMANTICS Q6).
bool passes_through(const reverse::Site& site) {
  return keeps_shape(site) && (!moves_values(site) || !site.fixes(reverse::Quirk::kShapeDispatch));
}

/// At a head without kernel: the value of the selected output, at the selected neuron and nowhere else.
Value scattered_output(const reverse::Site& site) {
  const Value y = site.call().output, chosen = site.selected(y);
  return graph::pull_back(site.builder, chosen, site.seeded(chosen), {y}).front();
}

/// The same as the reference has it where the head function was a layer of its own: a copy for every neuron.
Value copied_output(const reverse::Site& site) {
  const Value y = site.call().output, chosen = site.selected(y);
  const Value copies = site.builder.broadcast(site.builder.reshape(site.seeded(chosen), {0, 1}), Shape(site.builder.shape(y)));
  if (site.start.ledger) site.start.ledger->seed(site.builder, copies);
  return copies;
}

bool copies_output(const reverse::Site& site) {
  return site.network.removed_head.form == "Activation layer" && !site.start.selection.is_all() &&
         site.builder.shape(site.call().output).size() == 2 && !site.fixes(reverse::Quirk::kCopiedSeed);
}

}  // namespace

const Rule* Composite::find(const Network& network, int call) const {
  for (const Entry& entry : entries) {
    if (entry.matches(network, call)) return &entry.rule;
  }
  return nullptr;
}

bool any_layer(const Network&, int) { return true; }

bool is_input_layer(const Network& network, int call) {
  const auto& producers = call_at(network, call).producers;
  return std::all_of(producers.begin(), producers.end(), [&](int p) { return reaches_only_inputs(network, p); });
}

bool is_first_kernel(const Network& network, int call) {
  const auto& producers = call_at(network, call).producers;
  return std::all_of(producers.begin(), producers.end(), [&](int p) {
    return call_at(network, p).kind != LayerKind::kKernel && is_first_kernel(network, p);
  });
}

std::vector<std::string> input_rule_blockers(const Network& network) {
  std::vector<std::string> names;
  std::vector<bool> below(network.calls.size(), false);  // no kernel layer between here and the input
  for (std::size_t i = 0; i < network.calls.size(); ++i) {
    const graph::LayerCall& call = network.calls[i];
    below[i] = call.kind != LayerKind::kKernel &&
               std::all_of(call.producers.begin(), call.producers.end(), [&](int p) { return below[static_cast<std::size_t>(p)]; });
    const auto next = network.successors(static_cast<int>(i));
    const bool feeds_kernel = std::any_of(next.begin(), next.end(), [&](int s) {
      return call_at(network, s).kind == LayerKind::kKernel;
    });
    if (below[i] && feeds_kernel && !reaches_only_inputs(network, static_cast<int>(i))) {
      int blocker = static_cast<int>(i);
      while (skips_to_input(call_at(network, blocker))) blocker = call_at(network, blocker).producers.front();
      names.push_back(call_at(network, blocker).name);
    }
  }
  return names;
}

bool is_dense(const Network& network, int call) { return call_at(network, call).class_name == "Dense"; }

int depth_of(const Network& network, int call) {
  std::vector<int> depth(static_cast<std::size_t>(call) + 1, 0);
  for (int i = 0; i <= call; ++i) {
    if (is_input_layer(network, i)) continue;
    for (int producer : call_at(network, i).producers) {
      const std::string& name = call_at(network, producer).class_name;
      const int step = name == "Flatten" || name == "Permute" || name == "Reshape" ? 0 : 1;
      int& deepest = depth[static_cast<std::size_t>(i)];
      deepest = std::max(deepest, depth[static_cast<std::size_t>(producer)] + step);
    }
  }
  return depth.back();
}

std::vector<Value> LrpStep::pull(const reverse::Site& site, std::span<const Value> incoming) const {
  if (site.is_head() && copies_output(site)) return pull(site.inner(), std::vector{copied_output(site)});
  const graph::LayerCall& call = site.call();
  const Value arrived = site.is_head() ? Value{} : site.sum(incoming);
  if (call.kind == LayerKind::kKernel) {
    const Rule* rule = composite_.find(site.network, site.index);
    if (rule == nullptr) {
      throw Error(ErrorCode::kUnsupported, "method", call.name, "no relevance rule applies to this layer (" +
                  call.class_name + "); add a rule for its class to the composite");
    }
    return {rule->relevance(RuleSite{site, arrived})};
  }
  const Value relevance = arrived ? arrived : scattered_output(site);
  const reverse::Site inner = site.inner();
  switch (call.kind) {
    case LayerKind::kBatchNorm: return {through_batch_norm(inner, relevance)};
    case LayerKind::kAdd: return through_add(inner, relevance);
    case LayerKind::kAveragePool: return {through_average_pool(inner, relevance)};
    default: break;
  }
  if (passes_through(inner)) return {relevance};
  return reverse::vjp(inner, call.output, relevance);
}

std::string treatment(const Composite& composite, const Network& network, int index) {
  switch (call_at(network, index).kind) {
    case LayerKind::kInput: return "input";
    case LayerKind::kKernel: {
      const Rule* rule = composite.find(network, index);
      return rule ? rule->label : "no rule";
    }
    case LayerKind::kBatchNorm: return "batch norm";
    case LayerKind::kAdd: return "share by contribution";
    case LayerKind::kAveragePool: return "Z";
    case LayerKind::kOther: break;
  }
  return keeps_shape(network, index) ? "pass-through" : "gradient";
}

}  // namespace signxai::rules
