// Composites: which entry a layer falls to, and the predicates that the built-in ones are made of.
#include "rules/composite.h"

#include <algorithm>
#include <array>

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
  if (call.kind == LayerKind::kInput || call.kind == LayerKind::kEmbedding) return true;
  return skips_to_input(call) && std::all_of(call.producers.begin(), call.producers.end(),
                                             [&](int p) { return reaches_only_inputs(network, p); });
}

}  // namespace

const Entry* Composite::find(const Network& network, int call) const {
  for (const Entry& entry : entries) {
    if (entry.rule.applies(call_at(network, call)) && entry.matches(network, call)) return &entry;
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
    below[i] = call.kind != LayerKind::kKernel && std::all_of(call.producers.begin(), call.producers.end(), [&](int p) {
                 return below[static_cast<std::size_t>(p)];
               });
    const auto next = network.successors(static_cast<int>(i));
    const bool feeds_kernel =
        std::any_of(next.begin(), next.end(), [&](int s) { return call_at(network, s).kind == LayerKind::kKernel; });
    if (below[i] && feeds_kernel && !reaches_only_inputs(network, static_cast<int>(i))) {
      int blocker = static_cast<int>(i);
      while (skips_to_input(call_at(network, blocker))) blocker = call_at(network, blocker).producers.front();
      names.push_back(call_at(network, blocker).name);
    }
  }
  return names;
}

bool is_last_kernel(const Network& network, int call) {
  for (int next : network.successors(call)) {
    if (call_at(network, next).kind == LayerKind::kKernel || !is_last_kernel(network, next)) return false;
  }
  return true;
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

}  // namespace signxai::rules
