// Kernels of the pools: geometry from the node, threads over rows.
#include "backends/cpu/pool.h"

#include <algorithm>

#include "backends/cpu/families.h"
#include "base/threads.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

using graph::WindowAxis;

PoolPlan plan_pool(const Problem& problem) {
  const graph::Node& node = problem.node;
  const Shape& first = problem.inputs[0].shape;
  const auto axes = trailing_ones(node.is("avg_pool_backward") ? graph::pool_backward_windows(node.op->name, node.attrs)
                                                               : graph::pool_windows(node.op->name, node.attrs, first));
  PoolPlan plan;
  plan.batch = first.front();
  plan.channels = first.back();
  plan.partition = true;
  for (std::size_t i = 0; i < 3; ++i) {
    const WindowAxis& axis = axes[i];
    plan.in[i] = axis.in;
    plan.out[i] = axis.out;
    plan.windows[i] = taps_of_outputs(axis);
    plan.coverers[i] = taps_of_inputs(axis);
    plan.partition = plan.partition && axis.window == axis.stride && axis.out * axis.stride >= axis.in;
  }
  return plan;
}

std::string reject_pool(const Problem& problem) {
  const graph::Ints& window = problem.node.attrs.ints("window");
  if (window.size() > 3) return "more than three spatial axes";
  if (element_count(problem.node.type.shape) == 0) return "empty result";
  // A cell may have as many coverers as its window has cells, never more.
  return element_count(window) > kPoolCells ? "windows of more than " + std::to_string(kPoolCells) + " cells" : "";
}

class PoolKernel : public Kernel {
 public:
  explicit PoolKernel(const Problem& problem) : plan_(plan_pool(problem)) {}

 protected:
  /// Threads over the rows of the result, as many at a time as pay for waking one.
  template <typename Body>
  void for_rows(const std::int64_t* extents, const Body& body) const {
    const std::int64_t size = plan_.channels * std::max(plan_.in_cells(), plan_.out_cells()) / extents[0];
    parallel_for(plan_.batch * extents[0], 16'384 / std::max<std::int64_t>(size, 1) + 1, body);
  }

  PoolPlan plan_;
};

template <auto run_rows, bool backward>
class PlainPool : public PoolKernel {
 public:
  using PoolKernel::PoolKernel;
  void run(const Buffers& buffers) const noexcept override {
    for_rows(backward ? plan_.in : plan_.out, [&](std::int64_t begin, std::int64_t end) {
      run_rows(plan_, buffers.inputs[0], buffers.output, begin, end);
    });
  }
};

class MaxPoolBackward : public PoolKernel {
 public:
  explicit MaxPoolBackward(const Problem& problem)
      : PoolKernel(problem), all_(problem.node.attrs.text("ties") == "all") {}
  void run(const Buffers& buffers) const noexcept override {
    for_rows(plan_.in, [&](std::int64_t begin, std::int64_t end) {
      run_max_pool_backward(plan_, all_, buffers.inputs[0], buffers.inputs[1], buffers.output, begin, end);
    });
  }

 private:
  bool all_;
};

template <typename PoolType>
std::unique_ptr<Kernel> make_pool(const Problem& problem, PackedWeights&) {
  return std::make_unique<PoolType>(problem);
}

}  // namespace

std::vector<Implementation> pools() {
  return {{"max_pool", "simd", reject_pool, make_pool<PlainPool<run_max_pool, false>>},
          {"max_pool_backward", "simd", reject_pool, make_pool<MaxPoolBackward>},
          {"avg_pool", "simd", reject_pool, make_pool<PlainPool<run_avg_pool, false>>},
          {"avg_pool_backward", "simd", reject_pool, make_pool<PlainPool<run_avg_pool_backward, true>>}};
}

}  // namespace signxai::cpu
