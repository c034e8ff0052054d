// Topological order of a model's calls.
#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>

#include "importers/keras/model_def.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

std::vector<TensorRef> inputs_of(const ModelDef& model, CallRef call) {
  const LayerDef& layer = model.layers[call.layer];
  std::vector<TensorRef> inputs = layer.calls[call.node];
  const auto mask = layer.masks.find(call.node);
  if (mask == layer.masks.end()) return inputs;
  for (const MaskRef& ref : mask->second) inputs.push_back(ref.of);
  return inputs;
}

/// Everything the outputs depend on, and the model's inputs.
std::set<CallRef> needed_calls(const ModelDef& model) {
  std::set<CallRef> needed;
  std::vector<CallRef> pending;
  for (const TensorRef& ref : model.outputs) pending.push_back({ref.layer, ref.node});
  for (const TensorRef& ref : model.inputs) pending.push_back({ref.layer, ref.node});
  while (!pending.empty()) {
    const CallRef call = pending.back();
    pending.pop_back();
    if (!needed.insert(call).second) continue;
    for (const TensorRef& ref : inputs_of(model, call)) pending.push_back({ref.layer, ref.node});
  }
  return needed;
}

}  // namespace

std::vector<CallRef> call_order(const ModelDef& model) {
  const std::set<CallRef> needed = needed_calls(model);
  std::map<CallRef, std::size_t> waiting_for;
  std::map<CallRef, std::vector<CallRef>> users;
  std::priority_queue<CallRef, std::vector<CallRef>, std::greater<>> ready;
  for (const CallRef& call : needed) {
    const auto inputs = inputs_of(model, call);
    waiting_for[call] = inputs.size();
    for (const TensorRef& ref : inputs) users[{ref.layer, ref.node}].push_back(call);
    if (inputs.empty()) ready.push(call);
  }
  std::vector<CallRef> order;
  while (!ready.empty()) {
    const CallRef call = ready.top();
    ready.pop();
    order.push_back(call);
    for (const CallRef& user : users[call]) {
      if (--waiting_for[user] == 0) ready.push(user);
    }
  }
  if (order.size() == needed.size()) return order;
  const auto stuck = std::find_if(needed.begin(), needed.end(), [&](const CallRef& c) { return waiting_for[c] > 0; });
  throw Error(ErrorCode::kCorruptFile, "import", model.layers[stuck->layer].name,
              "the layer depends on its own output");
}

}  // namespace signxai::keras
