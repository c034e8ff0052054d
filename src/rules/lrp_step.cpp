// The LRP step of the reverse driver: the rule of a composite at each layer, or what LRP does with layers without one.
#include <algorithm>
#include <array>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "rules/composite.h"
#include "rules/layers.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

using graph::LayerKind;
using graph::Network;

bool keeps_shape(const graph::Graph& graph, const graph::LayerCall& call) {
  return call.inputs.size() == 1 && graph.type(call.inputs.front()).shape == graph.type(call.output).shape;
}

/// Whether the layer moves values about, so that relevance has to be moved back although the shapes agree.
bool moves_values(const graph::Graph& graph, const graph::LayerCall& call) {
  std::vector<Value> open = {call.output};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (std::find(call.inputs.begin(), call.inputs.end(), value) != call.inputs.end()) continue;
    const graph::Node& node = graph[value];
    const bool pointwise = node.op->kind == graph::OpKind::kPointwise || node.op->kind == graph::OpKind::kLeaf;
    const bool neutral = node.op->kind == graph::OpKind::kReduce || node.is("reshape") || node.is("broadcast");
    if (!pointwise && !neutral) return true;
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  return false;
}

/// Relevance is handed on unchanged: the shapes agree, which the reference asks for alone (SEMANTICS Q6).
bool passes_through(const graph::Graph& graph, const graph::LayerCall& call, const reverse::Semantics& semantics) {
  if (call.kind == LayerKind::kSteps) return false;
  return keeps_shape(graph, call) && (!moves_values(graph, call) || !semantics.fixes(reverse::Quirk::kShapeDispatch));
}

/// What the rules of the operations inside the layer do, or nullptr where relevance goes another way.
const char* in_parts(const graph::Graph& graph, const graph::LayerCall& call, const reverse::Semantics& semantics) {
  if (call.kind != LayerKind::kOther) return nullptr;
  const char* treatment = whole_layer_treatment(graph, call);
  return treatment && semantics.fixes(reverse::Quirk::kWholeLayers) ? treatment : nullptr;
}

/// The value of the selected output, at the selected neuron and nowhere else.
Value scattered_output(const reverse::Site& site) {
  const Value y = site.call().output, chosen = site.selected(y);
  return graph::pull_back(site.builder, chosen, site.seeded(chosen), {y}).front();
}

/// The same as the reference has it where the head function was a layer of its own: a copy for every neuron.
Value copied_output(const reverse::Site& site) {
  const Value y = site.call().output, chosen = site.selected(y);
  const Value copies =
      site.builder.broadcast(site.builder.reshape(site.seeded(chosen), {0, 1}), Shape(site.builder.shape(y)));
  if (site.start.ledger) site.start.ledger->seed(site.builder, copies);
  return copies;
}

/// Relevance that begins with the positive part of the output.
Value rectified_output(const reverse::Site& site) {
  const Value begun = site.builder.relu(scattered_output(site));
  if (site.start.ledger) site.start.ledger->seed(site.builder, begun);
  return begun;
}

bool copies_output(const reverse::Site& site) {
  return site.network.removed_head.form == "Activation layer" && !site.start.selection.is_all() &&
         site.builder.shape(site.call().output).size() == 2 && !site.fixes(reverse::Quirk::kCopiedSeed);
}

int merged_norm(const Composite& composite, const Network& network, int call) {
  return composite.merges_batch_norm ? mergeable_batch_norm(network, call) : -1;
}

/// Whether the call is a batch normalisation that counts as part of the layer below it.
bool is_merged(const Composite& composite, const Network& network, int call) {
  const graph::LayerCall& norm = network.calls[static_cast<std::size_t>(call)];
  return norm.kind == LayerKind::kBatchNorm && merged_norm(composite, network, norm.producers.front()) == call;
}

std::vector<Value> without_rule(const reverse::Site& site, Value relevance) {
  switch (site.call().kind) {
    case LayerKind::kBatchNorm: return {through_batch_norm(site, relevance)};
    case LayerKind::kAdd: return through_add(site, relevance);
    case LayerKind::kAveragePool: return {through_average_pool(site, relevance)};
    default: break;
  }
  const graph::Graph& graph = site.builder.graph();
  if (in_parts(graph, site.call(), site.start.semantics)) return through_whole_layer(site, relevance);
  if (passes_through(graph, site.call(), site.start.semantics)) return {relevance};
  return reverse::vjp(site, site.call().output, relevance);
}

[[noreturn]] void refuse_layer(const graph::LayerCall& call) {
  throw Error(
      ErrorCode::kUnsupported, "method", call.name,
      "no relevance rule applies to this layer (" + call.class_name + "); add a rule for its class to the composite");
}

}  // namespace

std::vector<Value> LrpStep::pull(const reverse::Site& site, std::span<const Value> incoming) const {
  if (site.is_head() && composite_.rectifies_heads) return pull(site.inner(), std::array{rectified_output(site)});
  const Entry* entry = composite_.find(site.network, site.index);
  const bool of_reference = !entry || entry->rule.relevance;
  if (site.is_head() && of_reference && copies_output(site)) return pull(site.inner(), std::array{copied_output(site)});
  const Value arrived = site.is_head() ? Value{} : site.sum(incoming);
  if (entry && entry->rule.relevance) {
    return {entry->rule.relevance(RuleSite{site, arrived, 1, merged_norm(composite_, site.network, site.index)})};
  }
  if (!entry && site.call().kind == LayerKind::kKernel) refuse_layer(site.call());
  const Value relevance = arrived ? arrived : scattered_output(site);
  if (is_merged(composite_, site.network, site.index)) return {relevance};
  const reverse::Site inner = site.inner();
  if (!entry) return without_rule(inner, relevance);
  return entry->rule.of_inputs(RuleSite{inner, relevance, 1, merged_norm(composite_, site.network, site.index)});
}

std::string treatment(const Composite& composite, const Network& network, int index,
                      const reverse::Semantics& semantics) {
  const graph::LayerCall& call = network.calls[static_cast<std::size_t>(index)];
  if (is_merged(composite, network, index))
    return "merged into " + network.calls[static_cast<std::size_t>(call.producers.front())].name;
  if (const Entry* entry = composite.find(network, index)) {
    return entry->origin.empty() ? entry->rule.label : entry->rule.label + " (" + entry->origin + ")";
  }
  switch (call.kind) {
    case LayerKind::kInput: return "input";
    case LayerKind::kEmbedding: return "input";
    case LayerKind::kKernel: return "no rule";
    case LayerKind::kBatchNorm: return "batch norm";
    case LayerKind::kAdd: return "share by contribution";
    case LayerKind::kAveragePool: return "Z";
    case LayerKind::kSteps: return "nothing passes";
    case LayerKind::kOther: break;
  }
  if (const char* inside = in_parts(network.graph, call, semantics)) return inside;
  return passes_through(network.graph, call, semantics) ? "pass-through" : "gradient";
}

}  // namespace signxai::rules
