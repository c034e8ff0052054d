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

/// out[i] = sum of the lanes of v[i], for four vectors.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void sum_lanes(D d, V a, V b, V c, V e, float* out) {
#if HWY_TARGET == HWY_SCALAR
  const V all[] = {a, b, c, e};
  for (int i = 0; i < 4; ++i) hn::Store(all[i], d, out + i);
#else
  const hn::Repartition<double, D> pairs;
  const hn::CappedTag<float, 4> four;
  const V ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const V ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto low = hn::InterleaveLower(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
  const auto high = hn::InterleaveUpper(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
  HWY_ALIGN float blocks[hn::MaxLanes(D())];  // of a, b, c, e
  hn::Store(hn::Add(hn::BitCast(d, low), hn::BitCast(d, high)), d, blocks);
  auto sum = hn::Load(four, blocks);
  for (std::size_t i = 4; i < hn::Lanes(d); i += 4) sum = hn::Add(sum, hn::Load(four, blocks + i));
  hn::StoreU(sum, four, out);
#endif
}

/// Sums of products between `columns` rows of dy and `channels` rows of weights, over taps and outputs.
template <int columns, int channels, class D>
struct Accumulator {
  using V = hn::Vec<D>;
  V sum[columns][channels];
  float rest[columns][channels] = {};  // of segments that do not fill a vector

  HWY_INLINE void clear(D d) {
#pragma GCC unroll 8
    for (int p = 0; p < columns; ++p) {
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) sum[p][c] = hn::Zero(d);
    }
  }

  /// The columns are `dy_step` apart, the channels `w_step`.
  HWY_INLINE void add(D d, const float* dy, std::int64_t dy_step, const float* weights, std::int64_t w_step,
                      std::int64_t count) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    std::int64_t o = 0;
    for (; o + lanes <= count; o += lanes) {
      V w[channels];
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) w[c] = hn::LoadU(d, weights + c * w_step + o);
#pragma GCC unroll 8
      for (int p = 0; p < columns; ++p) {
        const V value = hn::LoadU(d, dy + p * dy_step + o);
#pragma GCC unroll 8
        for (int c = 0; c < channels; ++c) sum[p][c] = hn::MulAdd(value, w[c], sum[p][c]);
      }
    }
    for (; o < count; ++o) {
      for (int p = 0; p < columns; ++p) {
        for (int c = 0; c < channels; ++c) rest[p][c] += dy[p * dy_step + o] * weights[c * w_step + o];
      }
    }
  }

  HWY_INLINE void store(D d, float* dx, std::int64_t step) const {
    float total[columns * channels];
    if constexpr (columns == 4) {
#pragma GCC unroll 8
      for (int c = 0; c < channels; ++c) sum_lanes(d, sum[0][c], sum[1][c], sum[2][c], sum[3][c], total + 4 * c);
    } else {
      for (int c = 0; c < channels; ++c) total[c] = hn::GetLane(hn::SumOfLanes(d, sum[0][c]));
    }
    for (int p = 0; p < columns; ++p) {
      for (int c = 0; c < channels; ++c) dx[p * step + c] = total[c * columns + p] + rest[p][c];
    }
  }
};

struct Row {
  const NarrowPlan& plan;
  const float *dy, *weights;  // dy of this sample
  float* dx;                  // of this row
  std::int64_t i, j;

  template <int columns, int channels, class D>
  HWY_INLINE void block(D d, const ColumnBlock& block) const {
    const DirectPlan& direct = plan.direct;
    const std::int64_t outputs = direct.from_channels, w_step = direct.windows[2] * outputs;
    Accumulator<columns, channels, D> accumulator;
    accumulator.clear(d);
    for (const Tap* a = direct.taps[0].begin(i); a != direct.taps[0].end(i); ++a) {
      for (const Tap* b = direct.taps[1].begin(j); b != direct.taps[1].end(j); ++b) {
        const float* line = dy + (a->cell * direct.from[1] + b->cell) * direct.from[2] * outputs;
        const float* matrix = weights + (a->tap * direct.windows[1] + b->tap) * channels * w_step;
        for (const Segment& s : block.segments) {
          accumulator.add(d, line + s.cell * outputs, outputs, matrix + s.tap * outputs, w_step, s.count * outputs);
        }
      }
    }
    accumulator.store(d, dx + block.first * channels, plan.stride * channels);
  }

  template <int channels, class D>
  HWY_INLINE void run(D d) const {
    for (const ColumnBlock& columns : plan.blocks) {
      if (columns.count == kNarrowColumns) {
        block<kNarrowColumns, channels>(d, columns);
      } else {
        block<1, channels>(d, columns);
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

void RunNarrow(const NarrowPlan& plan, const float* dy, const float* packed, float* dx, std::int64_t begin,
               std::int64_t end) {
  const DirectPlan& p = plan.direct;
  for (std::int64_t r = begin; r < end; ++r) {
    const std::int64_t n = r / p.to[1] / p.to[0];
    const Row row{plan,
                  dy + n * p.from_cells() * p.from_channels,
                  packed,
                  dx + r * p.to[2] * p.to_channels,
                  r / p.to[1] % p.to[0],
                  r % p.to[1]};
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

void run_narrow(const NarrowPlan& plan, const float* dy, const float* packed, float* dx, std::int64_t begin,
                std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunNarrow)(plan, dy, packed, dx, begin, end);
}

}  // namespace signxai::cpu
#endif
