// Kernels of `sweep` and of every pointwise op: a compiled program, run by all threads on ranges of blocks.
#include "backends/cpu/families.h"
#include "backends/cpu/sweep/program.h"
#include "base/threads.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

class SweepKernel : public Kernel {
 public:
  /// The node is kept for the constants of its region.
  explicit SweepKernel(const Problem& problem) : node_(problem.node), program_(compile_sweep(problem)) {}

  void run(const Buffers& buffers) const noexcept override {
    const float* arrays[kMostArrays];
    for (std::size_t i = 0; i < program_.arrays.size(); ++i) {
      const SourceArray& array = program_.arrays[i];
      arrays[i] = array.input < 0 ? array.constant : buffers.inputs[static_cast<std::size_t>(array.input)];
    }
    const std::int64_t elements = program_.heavy ? 4096 : 12288;  // about the work that pays for waking a thread
    const std::int64_t grain = program_.size < 2 * elements ? program_.size : program_.block;
    parallel_for(program_.size, grain, [&](std::int64_t begin, std::int64_t end) {
      run_sweep(program_, arrays, buffers.output, begin, end);
    });
  }

  bool in_place(std::size_t index) const override {
    const auto is_input = [&](int array) {
      return program_.arrays[static_cast<std::size_t>(array)].input == static_cast<int>(index);
    };
    bool read = false;
    for (const Source& source : program_.sources) {
      for (const RowPart& part : source.parts) {
        if (is_input(part.array)) return false;
      }
      if (!source.parts.empty() || !is_input(source.array)) continue;
      if (source.kind != Source::kFull) return false;
      read = true;
    }
    return read;
  }

 private:
  graph::Node node_;
  Program program_;
};

std::unique_ptr<Kernel> make(const Problem& problem, PackedWeights&) { return std::make_unique<SweepKernel>(problem); }

}  // namespace

std::vector<Implementation> sweeps() {
  std::vector<Implementation> entries;
  for (const graph::OpDef* op : graph::op_table()) {
    const bool pointwise = op->kind == graph::OpKind::kPointwise || op->name == "sweep";
    if (pointwise) entries.push_back({op->name, "simd sweep", reject_sweep, make});
  }
  return entries;
}

}  // namespace signxai::cpu
