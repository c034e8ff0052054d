// The walk over the layer calls.
#include "reverse/driver.h"

#include <algorithm>

#include "graph/rewrite.h"

namespace signxai::reverse {

using graph::Value;

Value Site::sum(std::span<const Value> incoming) const {
  Value total = incoming.front();
  for (Value value : incoming.subspan(1)) total = builder.add(total, value);
  return total;
}

std::vector<Arrival> walk(graph::Builder& builder, const graph::Network& network, const Step& step,
                          const Start& start) {
  const std::size_t count = network.calls.size();
  std::vector<Arrival> arrivals(count);
  std::vector<std::vector<Value>> pending(count);
  std::vector<bool> has_successor(count, false);
  for (const auto& call : network.calls) {
    for (int producer : call.producers) has_successor[static_cast<std::size_t>(producer)] = true;
  }
  if (start.call >= 0) pending[static_cast<std::size_t>(start.call)].push_back(start.cotangent);
  for (std::size_t i = count; i-- > 0;) {
    const bool head = start.call < 0 && !has_successor[i];
    if (!head && pending[i].empty()) continue;
    const auto& call = network.calls[i];
    builder.set_origin(call.name);
    const Site site{builder, network, static_cast<int>(i), head ? &start.selection : nullptr};
    if (!head) arrivals[i].output = site.sum(pending[i]);
    if (call.inputs.empty()) continue;
    arrivals[i].inputs = step.pull(site, pending[i]);
    for (std::size_t k = 0; k < arrivals[i].inputs.size(); ++k) {
      if (arrivals[i].inputs[k]) pending[static_cast<std::size_t>(call.producers[k])].push_back(arrivals[i].inputs[k]);
    }
  }
  return arrivals;
}

std::vector<Value> vjp(const Site& site, Value target, Value cotangent) {
  std::vector<Value> unique;
  for (Value input : site.call().inputs) {
    if (std::find(unique.begin(), unique.end(), input) == unique.end()) unique.push_back(input);
  }
  std::vector<Value> cotangents = graph::pull_back(site.builder, site.selected(target), cotangent, unique);
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
