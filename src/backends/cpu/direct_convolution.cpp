// Kernels in plain loops: plan, weights, threads.
#include "backends/cpu/direct_convolution.h"

#include <algorithm>

#include "backends/cpu/families.h"
#include "base/threads.h"

namespace signxai::cpu {
namespace {

/// Multiplications that pay for waking a thread.
constexpr std::int64_t kConvolutionGrain = 100'000;

/// [tap][channel of a group][outputs] to [tap][output of a group][channels].
void transpose_weights(const DirectPlan& plan, const float* weights, float* transposed) {
  const std::int64_t taps = plan.windows[0] * plan.windows[1] * plan.windows[2], groups = plan.groups;
  const std::int64_t channels = plan.to_channels, outputs = plan.from_channels;
  for (std::int64_t t = 0; t < taps; ++t) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t g = 0; g < groups; ++g) {
        const float* from = weights + ((t * channels + c) * groups + g) * outputs;
        float* to = transposed + (t * outputs * groups + g) * channels + c;
        for (std::int64_t o = 0; o < outputs; ++o) to[o * groups * channels] = from[o];
      }
    }
  }
}

class DirectConvolution : public Kernel {
 public:
  DirectConvolution(const Problem& problem, PackedWeights& store)
      : backward_(problem.node.is("conv_backward_data")), plan_(plan_direct(conv_shape(problem), backward_)) {
    weights_bytes_ = static_cast<std::size_t>(element_count(problem.inputs[1].shape)) * sizeof(float);
    has_bias_ = problem.inputs.size() > 2;
    if (!backward_ || problem.constants[1] == nullptr || problem.packs_in_scratch) return;
    const graph::Literal& weights = *problem.constants[1];
    packed_ =
        store.get(weights, "transposed, groups " + std::to_string(plan_.groups), weights_bytes_,
                  [&](std::byte* bytes) { transpose_weights(plan_, weights.data(), reinterpret_cast<float*>(bytes)); });
  }

  void run(const Buffers& buffers) const noexcept override {
    const float* bias = has_bias_ ? buffers.inputs[2] : nullptr;
    const float* weights = find_weights(buffers);
    const std::int64_t grain = kConvolutionGrain / std::max<std::int64_t>(plan_.row_work(), 1) + 1;
    parallel_for(plan_.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
      run_direct(plan_, buffers.inputs[0], weights, bias, buffers.output, begin, end);
    });
  }

  std::size_t scratch_bytes() const override { return backward_ && !packed_ ? weights_bytes_ : 0; }

 private:
  const float* find_weights(const Buffers& buffers) const {
    if (!backward_) return buffers.inputs[1];
    if (packed_) return reinterpret_cast<const float*>(packed_.get());
    auto* transposed = reinterpret_cast<float*>(buffers.scratch);
    transpose_weights(plan_, buffers.inputs[1], transposed);
    return transposed;
  }

  bool backward_;
  DirectPlan plan_;
  std::size_t weights_bytes_ = 0;
  bool has_bias_ = false;
  backends::AlignedBytes packed_;
};

std::string reject_direct_convolution(const Problem& problem) {
  if (conv_shape(problem).lowered) return "bfloat16";
  return problem.inputs[1].rank() > 5 ? "more than three spatial axes" : "";
}

std::unique_ptr<Kernel> make_direct_convolution(const Problem& problem, PackedWeights& store) {
  return std::make_unique<DirectConvolution>(problem, store);
}

}  // namespace

std::int64_t DirectPlan::row_work() const {
  return to[2] * windows[0] * windows[1] * windows[2] * from_channels * to_channels * groups;
}

DirectPlan plan_direct(const ConvShape& shape, bool backward) {
  DirectPlan plan{};
  const Axes3 axes = leading_ones(shape.axes);
  for (std::size_t i = 0; i < 3; ++i) {
    plan.taps[i] = backward ? taps_of_inputs(axes[i]) : taps_of_outputs(axes[i]);
    plan.from[i] = backward ? axes[i].out : axes[i].in;
    plan.to[i] = backward ? axes[i].in : axes[i].out;
    plan.windows[i] = axes[i].window;
  }
  plan.batch = shape.batch;
  plan.groups = shape.groups;
  plan.from_channels = (backward ? shape.outputs : shape.channels) / shape.groups;
  plan.to_channels = (backward ? shape.channels : shape.outputs) / shape.groups;
  plan.relu = shape.relu;
  return plan;
}

std::vector<Implementation> direct_convolutions() {
  return {{"conv", "direct", reject_direct_convolution, make_direct_convolution},
          {"conv_backward_data", "direct", reject_direct_convolution, make_direct_convolution}};
}

}  // namespace signxai::cpu
