// The SIMD loops of thin products.
#include "backends/cpu/thin_matmul.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/thin_matmul_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

#include <algorithm>
#include <type_traits>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// How an entry of b is transformed. Both signs share their code, as each case is compiled for every count of rows.
enum class Transform { kNone, kOneSign, kSquare };

template <Transform transform, class D>
HWY_INLINE hn::Vec<D> load(D d, const ThinShape& s, const float* from) {
  const auto value = hn::LoadU(d, from);
  if constexpr (transform == Transform::kOneSign) {
    const auto flip = hn::Set(d, s.weights == Weights::kPositive ? 0.0f : -0.0f);
    return hn::IfThenZeroElse(hn::Lt(hn::Xor(value, flip), hn::Zero(d)), value);
  }
  if constexpr (transform == Transform::kSquare) return hn::Mul(value, value);
  return value;
}

/// Rows of b that are read side by side.
constexpr std::int64_t kStreams = 8;

/// Adds `depth` (at most kStreams) rows of b, scaled by a, to the columns of `sums` from `c` on as far as D's lanes go.
/// The products are summed in registers first, which keeps the chain of roundings short.
template <int rows, Transform transform, bool whole, class D>
HWY_INLINE std::int64_t add_products(D d, const ThinShape& s, const float* a, const float* b, std::int64_t depth,
                                     std::int64_t c, float* sums) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; c + lanes <= s.columns; c += lanes) {
    V sum[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sum[r] = hn::Zero(d);
    const auto add = [&](std::int64_t k) HWY_ATTR {
      const V value = load<transform>(d, s, b + k * s.columns + c);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) sum[r] = hn::MulAdd(value, hn::Set(d, a[r * s.inner + k]), sum[r]);
    };
    if constexpr (whole) {
#pragma GCC unroll 8
      for (std::int64_t k = 0; k < kStreams; ++k) add(k);
    } else {
      for (std::int64_t k = 0; k < depth; ++k) add(k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      float* at = sums + r * s.columns + c;
      hn::StoreU(hn::Add(hn::LoadU(d, at), sum[r]), d, at);
    }
  }
  return c;
}

template <int rows, Transform transform>
void slice(const ThinShape& s, const float* a, const float* b, std::int64_t begin, std::int64_t end, float* sums) {
  std::fill_n(sums, rows * s.columns, 0.0f);
  const hn::ScalableTag<float> d;
  for (std::int64_t k = begin; k < end; k += kStreams) {
    const float *left = a + k, *right = b + k * s.columns;
    const std::int64_t depth = std::min(kStreams, end - k);
    std::int64_t c = depth == kStreams ? add_products<rows, transform, true>(d, s, left, right, depth, 0, sums)
                                       : add_products<rows, transform, false>(d, s, left, right, depth, 0, sums);
    // Unrolling what is left of the columns would take longer to compile than all else here.
    c = add_products<rows, transform, false>(hn::CappedTag<float, 4>(), s, left, right, depth, c, sums);
    add_products<rows, transform, false>(hn::CappedTag<float, 1>(), s, left, right, depth, c, sums);
  }
}

/// Dot products of `rows` rows of a with `columns` rows of b.
template <int rows, Transform transform, int columns>
HWY_INLINE void dots(const ThinShape& s, const float* a, const float* b, float* y) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V sum[rows][columns];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) sum[r][c] = hn::Zero(d);
  }
  std::int64_t k = 0;
  for (; k + lanes <= s.inner; k += lanes) {
    V value[columns];
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) value[c] = load<transform>(d, s, b + c * s.inner + k);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const V other = hn::LoadU(d, a + r * s.inner + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; ++c) sum[r][c] = hn::MulAdd(value[c], other, sum[r][c]);
    }
  }
  // In memory, as a loop over registers would be unrolled, and so would what follows.
  HWY_ALIGN float stored[rows * columns * hn::MaxLanes(d)];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) hn::Store(sum[r][c], d, stored + (r * columns + c) * lanes);
  }
#pragma GCC unroll 1
  for (int i = 0; i < rows * columns; ++i) {
    const int r = i / columns, c = i % columns;
    float total = hn::GetLane(hn::SumOfLanes(d, hn::Load(d, stored + i * lanes)));
    for (std::int64_t n = k; n < s.inner; ++n) {
      total += a[r * s.inner + n] * hn::GetLane(load<transform>(hn::CappedTag<float, 1>(), s, b + c * s.inner + n));
    }
    y[r * s.columns + c] = total;
  }
}

template <int rows, Transform transform>
void transposed(const ThinShape& s, const float* a, const float* b, std::int64_t begin, std::int64_t end, float* y) {
  constexpr bool many_registers = hn::MaxLanes(hn::ScalableTag<float>()) >= 16;
  constexpr int kTogether = rows <= 2 ? 4 : many_registers ? (rows <= 4 ? 4 : 3) : (rows <= 4 ? 2 : 1);
  std::int64_t c = begin;
  for (; c + kTogether <= end; c += kTogether) dots<rows, transform, kTogether>(s, a, b + c * s.inner, y + c);
  for (; c < end; ++c) dots<rows, transform, 1>(s, a, b + c * s.inner, y + c);
}

using Multiply = void (*)(const ThinShape&, const float*, const float*, std::int64_t, std::int64_t, float*);

template <Transform transform, std::size_t... row>
Multiply slice_of(std::int64_t rows, std::index_sequence<row...>) {
  static constexpr Multiply kTable[] = {slice<static_cast<int>(row) + 1, transform>...};
  return kTable[rows - 1];
}
template <Transform transform, std::size_t... row>
Multiply transposed_of(std::int64_t rows, std::index_sequence<row...>) {
  static constexpr Multiply kTable[] = {transposed<static_cast<int>(row) + 1, transform>...};
  return kTable[rows - 1];
}

/// Calls `function` with the transform as a constant.
template <class Function>
void with_transform(Weights weights, const Function& function) {
  switch (weights) {
    case Weights::kPlain: return function(std::integral_constant<Transform, Transform::kNone>());
    case Weights::kPositive:
    case Weights::kNegative: return function(std::integral_constant<Transform, Transform::kOneSign>());
    case Weights::kSquared: return function(std::integral_constant<Transform, Transform::kSquare>());
  }
}

void MultiplySlice(const ThinShape& s, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                   float* sums) {
  with_transform(s.weights, [&](auto transform) {
    slice_of<transform()>(s.rows, std::make_index_sequence<kThinRows>())(s, a, b, begin, end, sums);
  });
}

void MultiplyTransposed(const ThinShape& s, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                        float* y) {
  with_transform(s.weights, [&](auto transform) {
    transposed_of<transform()>(s.rows, std::make_index_sequence<kThinRows>())(s, a, b, begin, end, y);
  });
}

template <class D>
HWY_INLINE std::int64_t finish(D d, const float* sums, std::int64_t parts, std::int64_t part_size, const float* bias,
                               bool relu, std::int64_t c, std::int64_t end, float* y) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; c + lanes <= end; c += lanes) {
    auto sum = hn::LoadU(d, sums + c);
    for (std::int64_t part = 1; part < parts; ++part) sum = hn::Add(sum, hn::LoadU(d, sums + part * part_size + c));
    if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + c));
    if (relu) sum = hn::IfThenElse(hn::Le(sum, hn::Zero(d)), hn::Zero(d), sum);
    hn::StoreU(sum, d, y + c);
  }
  return c;
}

void FinishRows(const ThinShape& s, const float* sums, std::int64_t parts, const float* bias, bool relu,
                std::int64_t begin, std::int64_t end, float* y) {
  for (std::int64_t r = 0; r < s.rows; ++r, sums += s.columns, y += s.columns) {
    const std::int64_t size = s.rows * s.columns;
    std::int64_t c = finish(hn::ScalableTag<float>(), sums, parts, size, bias, relu, begin, end, y);
    finish(hn::CappedTag<float, 1>(), sums, parts, size, bias, relu, c, end, y);
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(MultiplySlice);
HWY_EXPORT(MultiplyTransposed);
HWY_EXPORT(FinishRows);

void multiply_slice(const ThinShape& shape, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                    float* sums) {
  HWY_DYNAMIC_DISPATCH(MultiplySlice)(shape, a, b, begin, end, sums);
}

void multiply_transposed(const ThinShape& shape, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                         float* y) {
  HWY_DYNAMIC_DISPATCH(MultiplyTransposed)(shape, a, b, begin, end, y);
}

void finish_rows(const ThinShape& shape, const float* sums, std::int64_t parts, const float* bias, bool relu,
                 std::int64_t begin, std::int64_t end, float* y) {
  HWY_DYNAMIC_DISPATCH(FinishRows)(shape, sums, parts, bias, relu, begin, end, y);
}

}  // namespace signxai::cpu
#endif
