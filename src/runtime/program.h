// A program: an optimised graph turned into steps whose kernels and addresses are chosen once. Running it makes no
// decision and throws nothing but std::bad_alloc. Immutable after construction; safe to run from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/kernel.h"
#include "backends/packed_weights.h"
#include "graph/graph.h"
#include "passes/plan_memory.h"
#include "runtime/arena_pool.h"
#include "signxai/tensor.h"

namespace signxai::runtime {

/// Time of one step, summed over runs.
struct StepProfile {
  graph::Value value;
  std::string_view kernel;
  std::vector<double> seconds;  ///< one entry per run
};

class Program {
 public:
  /// `weights` caches packed weights across programs of one model, `arenas` lends working memory for runs. Throws
  /// Error(kUnsupported) when a node has no kernel. A program that `runs_once` packs the weights of one step alone when
  /// it comes to that step, in scratch memory, and gives mapped constants back to their file behind the last step that
  /// reads them; it may run again, with the same bits and less speed.
  Program(graph::Graph graph, backends::PackedWeights& weights,
          std::shared_ptr<ArenaPool> arenas = std::make_shared<ArenaPool>(), bool runs_once = false);

  /// Runs on the given inputs (one pointer per graph input) and writes each graph output to `outputs`, with
  /// denormals flushed, on the threads of the caller's ThreadScope; a small program on the caller's thread alone.
  void run(std::span<const float* const> inputs, std::span<float* const> outputs,
           std::vector<StepProfile>* profile = nullptr) const;
  /// The same in arena_bytes() bytes of the caller's, 64-byte aligned, and in the modes and on the threads of the
  /// caller's. Allocates nothing.
  void run_in(std::byte* arena, std::span<const float* const> inputs, std::span<float* const> outputs,
              std::vector<StepProfile>* profile = nullptr) const;

  const graph::Graph& graph() const { return graph_; }
  /// Working memory of a run: values, scratch, and addresses.
  std::size_t arena_bytes() const {
    return plan_.arena_bytes + scratch_bytes_ + base_count() * sizeof(std::uintptr_t) + most_inputs_ * sizeof(float*);
  }
  /// One line per step: kernel, arena offset, operations and bytes; and their sums. For `inspect`.
  std::string describe() const;

 private:
  struct Step {
    graph::Value value;
    std::unique_ptr<backends::Kernel> kernel;
    std::string_view name;
    std::size_t inputs;
    std::vector<graph::Value> released{};  ///< mapped constants that no later step reads
  };
  /// A run gives the bases: none, for constants, whose offset is their address; the arena; the graph's inputs; its
  /// outputs.
  struct Address {
    std::size_t base;
    std::size_t offset;  ///< in bytes
  };
  /// An output that is no step's result: an input, a constant, or a part or another name of what is there already.
  struct Copy {
    std::size_t output;
    Address from;
  };
  void resolve_addresses();
  void release_after_last_use();
  Address address_of(graph::Value value) const;
  std::size_t base_count() const { return 2 + graph_.inputs().size() + graph_.outputs().size(); }

  graph::Graph graph_;
  passes::MemoryPlan plan_;
  std::vector<Step> steps_;
  std::vector<Address> addresses_;  ///< of each step's inputs and then its result, as they come
  std::vector<Copy> copies_;
  std::size_t scratch_bytes_ = 0;  ///< a multiple of an address's size
  std::size_t most_inputs_ = 0;    ///< of a step
  std::shared_ptr<ArenaPool> arenas_;
  int threads_;  ///< as for ThreadScope
};

/// Computes one node on constants with the same kernels: what the constant-folding pass calls.
graph::Literal compute(const graph::Node& node, const std::vector<graph::Literal>& inputs);

}  // namespace signxai::runtime
