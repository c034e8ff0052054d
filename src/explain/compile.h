// Compilation of an explanation: methods extend a bound network's graph, passes simplify it, a program runs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/packed_weights.h"
#include "explain/constant_cache.h"
#include "graph/network.h"
#include "methods/method.h"
#include "runtime/program.h"
#include "signxai/explainer.h"

namespace signxai::explain {

/// What is compiled, apart from the network.
struct Request {
  Shape input;  ///< with the batch axis, bound
  Target::Kind target = Target::Kind::kMax;
  std::vector<methods::Resolved> methods;

  /// Distinguishes executables; equal keys give equal programs.
  std::string key() const;
};

/// The graph of a request before any pass. Outputs: "logits", "scores" (what the model returns), then the raw values
/// of each method. Inputs: the network's, then "targets" for an index target.
graph::Graph build_graph(const graph::Network& network, const Request& request);

/// A compiled request. Immutable; safe for concurrent runs.
class Compiled {
 public:
  Compiled(const graph::Network& network, const Request& request, const ExplainerOptions& options,
           backends::PackedWeights& weights, ConstantCache& constants);

  /// One tensor per graph output, from one batch of inputs and (for an index target) one target per sample.
  std::vector<Tensor> run(const float* inputs, const std::vector<float>& targets,
                          std::vector<runtime::StepProfile>* profile = nullptr) const;

  /// The graph that is run.
  const graph::Graph& graph() const { return program_ ? program_->graph() : source_; }
  const runtime::Program* program() const { return program_.get(); }
  /// How many graph outputs each method has.
  const std::vector<std::size_t>& value_counts() const { return value_counts_; }

 private:
  std::vector<Tensor> interpret(const float* inputs, const std::vector<float>& targets) const;

  graph::Graph source_;
  std::unique_ptr<runtime::Program> program_;  ///< none: the reference backend
  std::vector<std::size_t> value_counts_;
};

}  // namespace signxai::explain
