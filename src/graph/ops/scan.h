// The layout of a scan's operands, results and region, shared by the op and its pull-back.
#pragma once

#include "graph/ops/ops.h"

namespace signxai::graph {

/// Operands: carries, sequences, captures. Region inputs: carries, one step of each sequence, captures.
/// Region outputs: next carries, then what each step yields. Result: final carries, then the yields stacked on axis 1.
struct ScanLayout {
  explicit ScanLayout(const Node& node);
  ScanLayout(const Attrs& attrs, std::size_t operands);

  std::size_t carries, sequences, captures, yields;
  bool reverse;
  const Graph& body;
};

/// The scan that runs the other way over the saved carries; one cotangent per operand.
std::vector<Value> pull_back_scan(const PullBackArgs& args);

}  // namespace signxai::graph
