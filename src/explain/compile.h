// Compilation of an explanation: methods extend a bound network's graph, passes simplify it, a program runs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "explain/model_cache.h"
#include "graph/network.h"
#include "methods/method.h"
#include "runtime/program.h"
#include "signxai/explainer.h"

namespace signxai::explain {

/// What is compiled, apart from the network.
struct Request {
  std::vector<Shape> inputs;  ///< one per model input, with the batch axis, bound
  Target target;              ///< of the kinds max, index, all, expression and weights
  std::vector<methods::Resolved> methods;
  std::string semantics = "signxai";
  bool embedded = false;   ///< of the network that is cut at its embeddings (embedded.h)
  bool runs_once = false;  ///< what is packed for the run is not kept

  /// Distinguishes executables; equal keys give equal programs.
  std::string key() const;
};

/// One map of a request: a method at one place.
struct Slot {
  std::size_t method;             ///< index into Request::methods
  std::string place;              ///< input or layer; empty when the method has one place only
  Shape shape;                    ///< of the value at that place, with the batch axis
  std::size_t values = 0;         ///< how many graph outputs make up the map
  reverse::QuirkSet touched = 0;  ///< quirks of the reference that may have changed the map
  std::vector<int> ledger{};      ///< calls of the ledger's rows; its table is one graph output more
};

/// The graph of a request before any pass. Outputs: the logits of every model output, their scores (what the model
/// returns), then the raw values of each slot. Inputs: the network's, then "targets" for an index target and for
/// weights.
graph::Graph build_graph(const graph::Network& network, const Request& request, std::vector<Slot>* slots = nullptr);
/// Where the walk of a target begins in a network without parameters that say otherwise.
std::vector<int> heads_of(const graph::Network& network, const Target& target);

/// A compiled request. Immutable; safe for concurrent runs.
class Compiled {
 public:
  Compiled(const graph::Network& network, const Request& request, const ExplainerOptions& options, ModelCache& cache,
           const std::shared_ptr<runtime::ArenaPool>& arenas);

  /// One tensor per graph output, from one array per model input and the targets of all samples (targets_of).
  std::vector<Tensor> run(const std::vector<const float*>& inputs, const std::vector<float>& targets,
                          std::vector<runtime::StepProfile>* profile = nullptr) const;

  /// The graph that is run.
  const graph::Graph& graph() const { return program_ ? program_->graph() : source_; }
  const runtime::Program* program() const { return program_.get(); }
  /// Bytes of working memory, and of inputs and outputs, of a run.
  std::int64_t working_bytes() const;
  std::int64_t data_bytes() const;
  /// The maps, in the order of their graph outputs.
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  std::vector<Tensor> interpret(const std::vector<const float*>& sources) const;

  std::vector<Slot> slots_;

  graph::Graph source_;
  std::unique_ptr<runtime::Program> program_;  ///< none: the reference backend
};

}  // namespace signxai::explain
