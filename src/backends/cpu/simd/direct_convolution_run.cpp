// The SIMD loops of direct convolutions: lanes are output channels, which lie side by side in Keras' weights.
#include "backends/cpu/direct_convolution.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/direct_convolution_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One group of one cell of the result.
struct Cell {
  const DirectPlan& plan;
  const float *x, *weights, *bias;  // of this sample and group
  float* y;
  std::int64_t position[3];

  /// Channels [channel, channel + vectors * lanes).
  template <int vectors, class D>
  HWY_INLINE void channels(D d, std::int64_t channel) const {
    using V = hn::Vec<D>;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const std::int64_t from_stride = plan.groups * plan.from_channels, to_stride = plan.groups * plan.to_channels;
    V sum[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) sum[v] = hn::Zero(d);
    for (const Tap* a = plan.taps[0].begin(position[0]); a != plan.taps[0].end(position[0]); ++a) {
      for (const Tap* b = plan.taps[1].begin(position[1]); b != plan.taps[1].end(position[1]); ++b) {
        const std::int64_t line = (a->cell * plan.from[1] + b->cell) * plan.from[2];
        const std::int64_t tap = (a->tap * plan.windows[1] + b->tap) * plan.windows[2];
        for (const Tap* c = plan.taps[2].begin(position[2]); c != plan.taps[2].end(position[2]); ++c) {
          const float* in = x + (line + c->cell) * from_stride;
          const float* w = weights + (tap + c->tap) * plan.from_channels * to_stride + channel;
          for (std::int64_t i = 0; i < plan.from_channels; ++i, w += to_stride) {
            const V value = hn::Set(d, in[i]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; ++v) sum[v] = hn::MulAdd(value, hn::LoadU(d, w + v * lanes), sum[v]);
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      // Last, as in the reference: sums that tie without their bias go on to tie with it.
      if (bias != nullptr) sum[v] = hn::Add(sum[v], hn::LoadU(d, bias + channel + v * lanes));
      if (plan.relu) sum[v] = hn::IfThenElse(hn::Le(sum[v], hn::Zero(d)), hn::Zero(d), sum[v]);
      hn::StoreU(sum[v], d, y + channel + v * lanes);
    }
  }

  HWY_INLINE void run() const {
    const hn::ScalableTag<float> wide;
    const hn::CappedTag<float, 4> narrow;
    const hn::CappedTag<float, 1> single;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide)), few = static_cast<std::int64_t>(hn::Lanes(narrow));
    std::int64_t c = 0;
    for (; c + 4 * lanes <= plan.to_channels; c += 4 * lanes) channels<4>(wide, c);
    for (; c + lanes <= plan.to_channels; c += lanes) channels<1>(wide, c);
    for (; c + few <= plan.to_channels; c += few) channels<1>(narrow, c);
    for (; c < plan.to_channels; ++c) channels<1>(single, c);
  }
};

void RunDirect(const DirectPlan& plan, const float* x, const float* weights, const float* bias, float* y,
               std::int64_t begin, std::int64_t end) {
  const std::int64_t from_sample = plan.from_cells() * plan.groups * plan.from_channels;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t i = row / plan.to[1] % plan.to[0], j = row % plan.to[1], n = row / plan.to[1] / plan.to[0];
    for (std::int64_t k = 0; k < plan.to[2]; ++k) {
      for (std::int64_t g = 0; g < plan.groups; ++g) {
        float* out = y + ((row * plan.to[2] + k) * plan.groups + g) * plan.to_channels;
        const float* own_bias = bias == nullptr ? nullptr : bias + g * plan.to_channels;
        Cell{plan,     x + n * from_sample + g * plan.from_channels, weights + g * plan.to_channels, own_bias, out,
             {i, j, k}}
            .run();
      }
    }
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(RunDirect);

void run_direct(const DirectPlan& plan, const float* x, const float* weights, const float* bias, float* y,
                std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunDirect)(plan, x, weights, bias, y, begin, end);
}

}  // namespace signxai::cpu
#endif
