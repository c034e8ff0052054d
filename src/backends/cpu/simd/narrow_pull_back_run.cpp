// The SIMD loops of the pull-back into few channels.
#include "backends/cpu/narrow_pull_back.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/narrow_pull_back_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Sums of products between `columns` cells of dy and `channels` rows of weights, over the outputs.
template <int columns, int channels, class D>
struct Accumulator {
  using V = hn::Vec<D>;
  V sum[columns][channels];
  float rest[columns][channels] = {};  // outputs that do not fill a vector

  HWY_INLINE void clear(D d) {
#pragma GCC unroll 8
    for (int p = 0; p < columns; ++p) {
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) sum[p][c] = hn::Zero(d);
    }
  }

  HWY_INLINE void add(D d, const float* dy, const float* weights, std::int64_t outputs) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    std::int64_t o = 0;
    for (; o + lanes <= outputs; o += lanes) {
      V w[channels];
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) w[c] = hn::LoadU(d, weights + c * outputs + o);
#pragma GCC unroll 8
      for (int p = 0; p < columns; ++p) {
        const V value = hn::LoadU(d, dy + p * outputs + o);
#pragma GCC unroll 8
        for (int c = 0; c < channels; ++c) sum[p][c] = hn::MulAdd(value, w[c], sum[p][c]);
      }
    }
    for (; o < outputs; ++o) {
#pragma GCC unroll 8
      for (int p = 0; p < columns; ++p) {
#pragma GCC unroll 8
        for (int c = 0; c < channels; ++c) rest[p][c] += dy[p * outputs + o] * weights[c * outputs + o];
      }
    }
  }

  HWY_INLINE void store(D d, float* dx, std::int64_t step) const {
#pragma GCC unroll 8
    for (int p = 0; p < columns; ++p) {
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) dx[p * step + c] = hn::GetLane(hn::SumOfLanes(d, sum[p][c])) + rest[p][c];
    }
  }
};

struct Row {
  const NarrowPlan& plan;
  const float *dy, *weights;  // dy of this sample
  float* dx;                  // of this row
  std::int64_t i, j;

  template <int columns, int channels, class D>
  HWY_INLINE void block(D d, std::int64_t first) const {
    const DirectPlan& direct = plan.direct;
    const std::int64_t outputs = direct.from_channels;
    Accumulator<columns, channels, D> accumulator;
    accumulator.clear(d);
    for (const Tap* a = direct.taps[0].begin(i); a != direct.taps[0].end(i); ++a) {
      for (const Tap* b = direct.taps[1].begin(j); b != direct.taps[1].end(j); ++b) {
        const float* line = dy + (a->cell * direct.from[1] + b->cell) * direct.from[2] * outputs;
        const float* matrices =
            weights + (a->tap * direct.windows[1] + b->tap) * direct.windows[2] * channels * outputs;
        for (const Tap* c = direct.taps[2].begin(first); c != direct.taps[2].end(first); ++c) {
          accumulator.add(d, line + c->cell * outputs, matrices + c->tap * channels * outputs, outputs);
        }
      }
    }
    accumulator.store(d, dx + first * channels, plan.stride * channels);
  }

  template <int channels, class D>
  HWY_INLINE void run(D d) const {
    for (const ColumnBlock& columns : plan.blocks) {
      if (columns.count == kNarrowColumns) {
        block<kNarrowColumns, channels>(d, columns.first);
      } else {
        block<1, channels>(d, columns.first);
      }
    }
  }

  template <int channels>
  void run_any() const {
    const hn::ScalableTag<float> wide;
    const hn::CappedTag<float, 8> middle;
    const hn::CappedTag<float, 4> narrow;
    const std::int64_t outputs = plan.direct.from_channels;
    if (outputs % static_cast<std::int64_t>(hn::Lanes(wide)) == 0 || outputs >= 64) {
      run<channels>(wide);
    } else if (outputs % static_cast<std::int64_t>(hn::Lanes(middle)) == 0) {
      run<channels>(middle);
    } else {
      run<channels>(narrow);
    }
  }
};

void RunNarrow(const NarrowPlan& plan, const float* dy, const float* weights, float* dx, std::int64_t begin,
               std::int64_t end) {
  const DirectPlan& p = plan.direct;
  for (std::int64_t r = begin; r < end; ++r) {
    const std::int64_t n = r / p.to[1] / p.to[0];
    const Row row{plan, dy + n * p.from_cells() * p.from_channels, weights, dx + r * p.to[2] * p.to_channels,
                  r / p.to[1] % p.to[0], r % p.to[1]};
    switch (p.to_channels) {
      case 1: row.run_any<1>(); break;
      case 2: row.run_any<2>(); break;
      case 3: row.run_any<3>(); break;
      default: row.run_any<4>(); break;
    }
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(RunNarrow);

void run_narrow(const NarrowPlan& plan, const float* dy, const float* weights, float* dx, std::int64_t begin,
                std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunNarrow)(plan, dy, weights, dx, begin, end);
}

}  // namespace signxai::cpu
#endif
