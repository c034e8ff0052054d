// Problems for the CPU kernels, one line of text each:
//   OP SHAPE;SHAPE... [key=value...]
// A shape is 2x9x3 ("." for a scalar). Keys are attributes of the op (lists joined by commas), and
//   constant=1,2   inputs that are constants          data=normal|ties|positive|wide   what the inputs hold
// The reference for every kernel is the op's own double-precision evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backends/kernel.h"
#include "backends/packed_weights.h"
#include "graph/graph.h"
#include "signxai/tensor.h"

namespace signxai::cpu {

struct CpuProblem {
  graph::Graph graph;  ///< the last node is the one in question
  std::vector<Tensor> inputs;

  const graph::Node& node() const { return graph.nodes().back(); }
  backends::Problem problem() const;
};

CpuProblem parse_problem(const std::string& line);
/// `node` of `graph` on random data of that kind.
CpuProblem make_problem(graph::Graph graph, const std::string& data);

std::vector<float> expected_result(const CpuProblem& problem);
/// What the implementation computes, into memory that held NaN before.
std::vector<float> run_implementation(const backends::Implementation& implementation, const CpuProblem& problem,
                                      backends::PackedWeights& weights);
std::vector<float> run_kernel(const backends::Kernel& kernel, const CpuProblem& problem);
/// Largest |a - b| over the largest |b|; infinite where one is NaN or infinite and the other is not the same.
double deviation(const std::vector<float>& a, const std::vector<float>& b);

/// All implementations of the op that take the problem, fastest first; the reference kernel is left out.
std::vector<backends::Implementation> candidates(const CpuProblem& problem);

/// Calls `test` with each instruction set of this machine, as on a machine that has no better one.
void on_every_target(const std::function<void(std::int64_t target)>& test);

}  // namespace signxai::cpu
