// The SIMD loops of reductions.
#include "backends/cpu/reduce.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/reduce_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <Reduction reduction, class V>
HWY_INLINE V combine(V a, V b) {
  if constexpr (reduction == Reduction::kSum) return hn::Add(a, b);
  if constexpr (reduction == Reduction::kMaximum) return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a);
  if constexpr (reduction == Reduction::kMinimum) return hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::IsNaN(b)), b, a);
}

template <Reduction reduction>
HWY_INLINE double pair(double a, double b) {
  if constexpr (reduction == Reduction::kSum) return a + b;
  if constexpr (reduction == Reduction::kMaximum) return b > a || b != b ? b : a;
  if constexpr (reduction == Reduction::kMinimum) return b < a || b != b ? b : a;
}

/// The reduction of the lanes of one vector.
template <Reduction reduction, class D>
HWY_INLINE double fold(D d, hn::Vec<D> v) {
  const hn::CappedTag<float, 4> few;
  HWY_ALIGN float each[hn::MaxLanes(D())];
  hn::Store(v, d, each);
  auto rest = hn::Load(few, each);
  for (std::size_t i = hn::Lanes(few); i < hn::Lanes(d); i += hn::Lanes(few)) {
    rest = combine<reduction>(rest, hn::Load(few, each + i));
  }
  hn::Store(rest, few, each);
  double total = each[0];
  for (std::size_t i = 1; i < hn::Lanes(few); ++i) total = pair<reduction>(total, each[i]);
  return total;
}

/// Of at most this many floats a sum is kept in float.
constexpr std::int64_t kStretch = 512;

/// n <= kStretch floats.
template <Reduction reduction>
HWY_INLINE double reduce_stretch(const float* x, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  double total = x[0];
  std::int64_t i = 1;
  if (n >= 4 * lanes) {
    auto a = hn::LoadU(d, x), b = hn::LoadU(d, x + lanes);
    for (i = 2 * lanes; i + 2 * lanes <= n; i += 2 * lanes) {
      a = combine<reduction>(a, hn::LoadU(d, x + i));
      b = combine<reduction>(b, hn::LoadU(d, x + i + lanes));
    }
    total = fold<reduction>(d, combine<reduction>(a, b));
  }
  for (; i < n; ++i) total = pair<reduction>(total, x[i]);
  return total;
}

template <Reduction reduction>
HWY_INLINE double row(const float* x, std::int64_t n) {
  double total = reduce_stretch<reduction>(x, std::min(n, kStretch));
  for (std::int64_t i = kStretch; i < n; i += kStretch) {
    total = pair<reduction>(total, reduce_stretch<reduction>(x + i, std::min(n - i, kStretch)));
  }
  return total;
}

template <Reduction reduction>
void rows(const float* x, std::int64_t count, std::int64_t n, double* totals) {
  for (std::int64_t r = 0; r < count; ++r) totals[r] = row<reduction>(x + r * n, n);
}

/// totals[i] = reduction of it and sums[i] over i < n, or sums[i] where they are the first; n is a multiple of the
/// lanes.
template <Reduction reduction, class D>
HWY_INLINE void take(D, const float* sums, std::size_t n, bool first, double* totals) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    for (std::size_t i = 0; i < n; ++i) totals[i] = first ? sums[i] : pair<reduction>(totals[i], sums[i]);
  } else {
    const hn::Repartition<double, D> wide;
    const hn::Half<D> half;
    for (std::size_t i = 0; i < n; i += hn::Lanes(wide)) {
      const auto sum = hn::PromoteTo(wide, hn::Load(half, sums + i));
      hn::StoreU(first ? sum : combine<reduction>(hn::LoadU(wide, totals + i), sum), wide, totals + i);
    }
  }
}

/// A column of `vectors` (1 or 4) vectors, which stay in registers for as many rows as are added up in float.
template <Reduction reduction, int vectors, class D>
HWY_INLINE void strip(D d, const float* x, std::int64_t rows, std::int64_t stride, double* totals) {
  constexpr std::int64_t kRows = 32;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float sums[4 * hn::MaxLanes(D())];
  const auto read = [&](const float* from, std::size_t i) {
    return hn::LoadU(d, from + (i < vectors ? i : 0) * lanes);
  };
  for (std::int64_t r = 0; r < rows; r += kRows) {
    const float* from = x + r * stride;
    auto a = read(from, 0), b = read(from, 1), c = read(from, 2), e = read(from, 3);
    for (std::int64_t k = std::min(rows - r, kRows); --k > 0;) {
      from += stride;
      a = combine<reduction>(a, read(from, 0));
      if constexpr (vectors == 1) continue;
      b = combine<reduction>(b, read(from, 1));
      c = combine<reduction>(c, read(from, 2));
      e = combine<reduction>(e, read(from, 3));
    }
    hn::Store(a, d, sums);
    hn::Store(b, d, sums + lanes);
    hn::Store(c, d, sums + 2 * lanes);
    hn::Store(e, d, sums + 3 * lanes);
    take<reduction>(d, sums, vectors * lanes, r == 0, totals);
  }
}

template <Reduction reduction>
void columns(const float* x, std::int64_t rows, std::int64_t stride, std::int64_t count, double* totals) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t c = 0;
  for (; c + 4 * lanes <= count; c += 4 * lanes) strip<reduction, 4>(d, x + c, rows, stride, totals + c);
  for (; c + lanes <= count; c += lanes) strip<reduction, 1>(d, x + c, rows, stride, totals + c);
  for (; c < count; ++c) strip<reduction, 1>(hn::CappedTag<float, 1>(), x + c, rows, stride, totals + c);
}

void ReduceRows(Reduction reduction, const float* x, std::int64_t count, std::int64_t n, double* totals) {
  switch (reduction) {
    case Reduction::kSum: return rows<Reduction::kSum>(x, count, n, totals);
    case Reduction::kMaximum: return rows<Reduction::kMaximum>(x, count, n, totals);
    default: return rows<Reduction::kMinimum>(x, count, n, totals);
  }
}

void ReduceColumns(Reduction reduction, const float* x, std::int64_t rows, std::int64_t stride, std::int64_t count,
                   double* totals) {
  switch (reduction) {
    case Reduction::kSum: return columns<Reduction::kSum>(x, rows, stride, count, totals);
    case Reduction::kMaximum: return columns<Reduction::kMaximum>(x, rows, stride, count, totals);
    default: return columns<Reduction::kMinimum>(x, rows, stride, count, totals);
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(ReduceRows);
HWY_EXPORT(ReduceColumns);

void reduce_rows(Reduction reduction, const float* x, std::int64_t rows, std::int64_t n, double* totals) {
  HWY_DYNAMIC_DISPATCH(ReduceRows)(reduction, x, rows, n, totals);
}

void reduce_columns(Reduction reduction, const float* x, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                    double* totals) {
  HWY_DYNAMIC_DISPATCH(ReduceColumns)(reduction, x, rows, stride, columns, totals);
}

double reduce_pair(Reduction reduction, double a, double b) {
  switch (reduction) {
    case Reduction::kSum: return a + b;
    case Reduction::kMaximum: return b > a || b != b ? b : a;
    default: return b < a || b != b ? b : a;
  }
}

}  // namespace signxai::cpu
#endif
