// The contract between a plan and a backend: a kernel computes one node. Kernels are made when an explanation is
// compiled, are immutable afterwards and may run in several threads at once, each with buffers of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace signxai::backends {

/// Addresses of one run. `inputs` follow the node's inputs; the entry of a constant is its data.
struct Buffers {
  std::span<const float* const> inputs;
  float* output;
  std::byte* scratch;  ///< Kernel::scratch_bytes() bytes, 64-byte aligned
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const Buffers& buffers) const noexcept = 0;
  virtual std::size_t scratch_bytes() const { return 0; }
  /// Whether `output` may be the same memory as input `index`.
  virtual bool in_place(std::size_t index) const { return (void)index, false; }
};

/// What an implementation is asked for: a node with bound types, and the constants among its inputs.
struct Problem {
  const graph::Node& node;
  std::vector<graph::Type> inputs;
  std::vector<const graph::Literal*> constants;  ///< nullptr where the input is computed at run time
  bool packs_in_scratch = false;  ///< weights are needed once: packed when run, in scratch memory, not kept
};

/// Weights brought into the layout a kernel wants, shared by all executables of a model. Thread safe.
class PackedWeights;

/// One way to compute an op. `reject` returns an empty string when it can, else the reason why not.
struct Implementation {
  std::string_view op;
  std::string_view name;
  std::string (*reject)(const Problem&);
  std::unique_ptr<Kernel> (*make)(const Problem&, PackedWeights&);
};

}  // namespace signxai::backends
