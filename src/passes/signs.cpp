// Sign analysis by the sign rules of the op table.
#include "passes/signs.h"

namespace signxai::passes {

graph::Sign Signs::of(graph::Value value) {
  while (known_.size() <= static_cast<std::size_t>(value.id)) {
    const graph::Node& node = graph_[graph::Value{static_cast<std::int32_t>(known_.size())}];
    std::vector<graph::Sign> inputs;
    bool annihilated = false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(known_[static_cast<std::size_t>(node.inputs[i].id)]);
      annihilated = annihilated || (i < 32 && inputs.back().is_zero() && (node.op->annihilators >> i & 1u));
    }
    known_.push_back(annihilated     ? graph::Sign::only_zero()
                     : node.op->sign ? node.op->sign(node, inputs)
                                     : graph::Sign::any());
  }
  return known_[static_cast<std::size_t>(value.id)];
}

}  // namespace signxai::passes
