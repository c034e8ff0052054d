// The two walks and what happens to the head function (softmax, sigmoid) between them.
#include "importers/keras/assemble.h"

#include <algorithm>

#include "importers/keras/assembler.h"
#include "importers/layers/activations.h"

namespace signxai::keras {
namespace {

using graph::LayerCall;
using graph::Network;
using graph::Value;

/// The head function above one output of the model.
struct Head {
  int call = -1;
  std::string layer;  ///< empty: this output has none
  HeadFunction function;
};

/// Layers that keep every value and the last axis, so that the function commutes with them.
bool passes_head(const graph::Builder& b, const LayerCall& call) {
  if (call.inputs.size() != 1) return false;
  if (call.output == call.inputs[0]) return true;
  const bool reshapes = call.class_name == "Flatten" || call.class_name == "Reshape";
  const std::int64_t last = b.shape(call.output).back();
  return reshapes && last != graph::kOpen && last == b.shape(call.inputs[0]).back();
}

/// Walks down from an output through such layers. Nobody else may use what is met on the way.
Head find_head(const Assembler& model, const std::vector<int>& uses, int call) {
  const graph::Builder& b = model.builder();
  for (bool behind = false; call >= 0 && uses[static_cast<std::size_t>(call)] == 1; behind = true) {
    const LayerCall& layer = model.network().calls[static_cast<std::size_t>(call)];
    if (const HeadFunction* function = model.head_of(call)) {
      const bool last_axis = function->axis + 1 == static_cast<std::int64_t>(b.shape(layer.output).size());
      if (behind && !last_axis) return {};
      Head head{call, layer.name, *function};
      if (behind) head.function.axis = -1;
      return head;
    }
    if (!passes_head(b, layer)) return {};
    call = layer.producers[0];
  }
  return {};
}

/// How many calls and outputs of the model use each call.
std::vector<int> count_uses(const Assembler& model) {
  std::vector<int> uses(model.network().calls.size(), 0);
  for (const LayerCall& call : model.network().calls) {
    for (const int producer : call.producers) ++uses[static_cast<std::size_t>(producer)];
  }
  for (const Assembler::Tensor& output : model.outputs()) ++uses[static_cast<std::size_t>(output.producer)];
  return uses;
}

std::vector<Head> find_heads(const Assembler& model) {
  const std::vector<int> uses = count_uses(model);
  std::vector<Head> heads;
  for (const Assembler::Tensor& output : model.outputs()) heads.push_back(find_head(model, uses, output.producer));
  return heads;
}

graph::Graph make_probabilities(const Network& network, const std::vector<Head>& heads) {
  graph::Builder b;
  std::vector<Value> logits;
  for (const graph::Output& output : network.graph.outputs()) {
    logits.push_back(b.input(output.name, network.graph.type(output.value).shape));
  }
  for (std::size_t i = 0; i < logits.size(); ++i) {
    Value result = logits[i];
    if (!heads[i].layer.empty()) {
      HeadFunction function = heads[i].function;
      if (function.axis < 0) function.axis += static_cast<std::int64_t>(b.shape(result).size());
      b.set_origin(heads[i].layer);
      result = make_head(b, result, function);
    }
    b.output(network.graph.outputs()[i].name, result);
  }
  return b.take();
}

const char* name_of(HeadFunction::Kind kind) {
  switch (kind) {
    case HeadFunction::Kind::kSoftmax: return "softmax";
    case HeadFunction::Kind::kLogSoftmax: return "log-softmax";
    case HeadFunction::Kind::kSigmoid: return "sigmoid";
  }
  return "";
}

graph::RemovedHead describe(const std::vector<Head>& heads) {
  graph::RemovedHead removed;
  for (const Head& head : heads) {
    if (head.layer.empty()) continue;
    removed.layer += (removed.layer.empty() ? "" : ", ") + head.layer;
    if (!removed.form.empty()) continue;
    removed.form = head.function.form;
    removed.function = name_of(head.function.kind);
  }
  return removed;
}

Network finish(Assembler& model, const std::vector<Head>& heads) {
  Network network = model.take();
  network.probabilities = make_probabilities(network, heads);
  network.removed_head = describe(heads);
  return network;
}

}  // namespace

Network build_network(const ModelDef& model, WeightSource& weights, const std::string& subject) {
  std::vector<std::string> unsupported;
  find_unsupported(model, "", unsupported);
  throw_unsupported(unsupported, subject);
  Assembler whole(weights, {});
  whole.run(model);
  const std::vector<Head> heads = find_heads(whole);
  std::set<std::string> removed;
  for (const Head& head : heads) {
    if (!head.layer.empty()) removed.insert(head.layer);
  }
  if (removed.empty()) return finish(whole, heads);
  Assembler without_heads(weights, removed);
  without_heads.run(model);
  return finish(without_heads, heads);
}

Network build_network(std::string_view json, WeightSource& weights, const std::string& subject) {
  return build_network(read_model(std::make_shared<const Json>(parse_json(json, subject)), subject), weights, subject);
}

}  // namespace signxai::keras
