// Results of constant folding, shared by all executables of a model: W+ is computed once, whatever the batch size.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "graph/graph.h"

namespace signxai::explain {

class ConstantCache {
 public:
  /// What is computed is taken from `budget`, which must outlive the object; null: no limit.
  explicit ConstantCache(base::MemoryBudget* budget = nullptr) : budget_(budget) {}

  /// The value of `node` on constants, computed on first use. Thread safe.
  graph::Literal get(const graph::Node& node, const std::vector<graph::Literal>& inputs);
  /// Forgets what no executable uses (steps on the way to other constants).
  void prune();

 private:
  struct Entry {
    const graph::OpDef* op;
    graph::Attrs attrs;
    std::vector<graph::Literal> inputs;
    graph::Literal result;
  };
  base::MemoryBudget* budget_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace signxai::explain
