// Sign analysis: which signs the elements of each value may have.
#pragma once

#include <vector>

#include "graph/builder.h"
#include "graph/op.h"

namespace signxai::passes {

/// Signs of a growing graph, computed on demand.
class Signs {
 public:
  explicit Signs(const graph::Graph& graph) : graph_(graph) {}
  graph::Sign of(graph::Value value);

 private:
  const graph::Graph& graph_;
  std::vector<graph::Sign> known_;
};

}  // namespace signxai::passes
