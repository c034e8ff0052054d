// The SIMD loops of pooling.
#include "backends/cpu/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/pool_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The cells that one cell of the result has to do with.
struct Cells {
  std::int64_t count = 0;
  std::int64_t offset[kPoolCells];  ///< of the first channel
  float weight[kPoolCells];         ///< avg_pool_backward: one over the cells of that window
  bool owned[kPoolCells];           ///< max_pool_backward: whether this thread writes there

  void collect(const TapLists* lists, const std::int64_t* extents, const std::int64_t* at, std::int64_t channels) {
    count = 0;
    for (const Tap* a = lists[0].begin(at[0]); a != lists[0].end(at[0]); ++a) {
      for (const Tap* b = lists[1].begin(at[1]); b != lists[1].end(at[1]); ++b) {
        for (const Tap* c = lists[2].begin(at[2]); c != lists[2].end(at[2]); ++c) {
          offset[count++] = ((a->cell * extents[1] + b->cell) * extents[2] + c->cell) * channels;
        }
      }
    }
  }

  void own_rows(std::int64_t first, std::int64_t last, std::int64_t row_size) {
    for (std::int64_t i = 0; i < count; ++i) {
      owned[i] = offset[i] >= first * row_size && offset[i] < last * row_size;
    }
  }

  void weigh(const PoolPlan& plan, const std::int64_t* at) {
    std::int64_t i = 0;
    const auto size = [&plan](int axis, std::int64_t cell) {
      return static_cast<float>(plan.windows[axis].end(cell) - plan.windows[axis].begin(cell));
    };
    for (const Tap* a = plan.coverers[0].begin(at[0]); a != plan.coverers[0].end(at[0]); ++a) {
      for (const Tap* b = plan.coverers[1].begin(at[1]); b != plan.coverers[1].end(at[1]); ++b) {
        for (const Tap* c = plan.coverers[2].begin(at[2]); c != plan.coverers[2].end(at[2]); ++c) {
          weight[i++] = 1.0f / (size(0, a->cell) * size(1, b->cell) * size(2, c->cell));
        }
      }
    }
  }
};

template <class V>
HWY_INLINE auto wins(V value, V best) {
  return hn::Or(hn::Gt(value, best), hn::AndNot(hn::IsNaN(best), hn::IsNaN(value)));
}

struct Maximum {
  const float* x;
  float* y;
  template <class D>
  HWY_INLINE void operator()(D d, const Cells& cells, std::int64_t c) const {
    auto best = hn::LoadU(d, x + cells.offset[0] + c);
    for (std::int64_t i = 1; i < cells.count; ++i) {
      const auto value = hn::LoadU(d, x + cells.offset[i] + c);
      best = hn::IfThenElse(wins(value, best), value, best);
    }
    hn::StoreU(best, d, y + c);
  }
};

struct Average {
  const float* x;
  float* y;
  template <class D>
  HWY_INLINE void operator()(D d, const Cells& cells, std::int64_t c) const {
    auto sum = hn::LoadU(d, x + cells.offset[0] + c);
    for (std::int64_t i = 1; i < cells.count; ++i) sum = hn::Add(sum, hn::LoadU(d, x + cells.offset[i] + c));
    hn::StoreU(hn::Div(sum, hn::Set(d, static_cast<float>(cells.count))), d, y + c);
  }
};

struct WeightedSum {
  const float* dy;
  float* dx;
  template <class D>
  HWY_INLINE void operator()(D d, const Cells& cells, std::int64_t c) const {
    auto sum = hn::Zero(d);
    for (std::int64_t i = 0; i < cells.count; ++i) {
      sum = hn::MulAdd(hn::LoadU(d, dy + cells.offset[i] + c), hn::Set(d, cells.weight[i]), sum);
    }
    hn::StoreU(sum, d, dx + c);
  }
};

/// Hands dy of one window to the first maximum, or to all of them.
template <bool all, bool only_writer>
struct Scatter {
  const float *x, *dy;  // x of the sample, dy of the window
  float* dx;            // of the sample
  template <class D>
  HWY_INLINE void operator()(D d, const Cells& cells, std::int64_t c) const {
    auto best = hn::LoadU(d, x + cells.offset[0] + c), winner = hn::Zero(d);
    for (std::int64_t i = 1; i < cells.count; ++i) {
      const auto value = hn::LoadU(d, x + cells.offset[i] + c);
      const auto won = wins(value, best);
      best = hn::IfThenElse(won, value, best);
      winner = hn::IfThenElse(won, hn::Set(d, static_cast<float>(i)), winner);
    }
    const auto share = hn::LoadU(d, dy + c);
    for (std::int64_t i = 0; i < cells.count; ++i) {
      if (!cells.owned[i]) continue;
      float* to = dx + cells.offset[i] + c;
      const auto takes =
          all ? hn::Eq(hn::LoadU(d, x + cells.offset[i] + c), best) : hn::Eq(winner, hn::Set(d, static_cast<float>(i)));
      const auto part = hn::IfThenElseZero(takes, share);
      hn::StoreU(only_writer ? part : hn::Add(hn::LoadU(d, to), part), d, to);
    }
  }
};

template <class Operation>
HWY_INLINE void for_channels(const Operation& operation, const Cells& cells, std::int64_t channels) {
  const hn::ScalableTag<float> wide;
  const hn::CappedTag<float, 4> narrow;
  const hn::CappedTag<float, 1> single;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide)), few = static_cast<std::int64_t>(hn::Lanes(narrow));
  std::int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) operation(wide, cells, c);
  for (; c + few <= channels; c += few) operation(narrow, cells, c);
  for (; c < channels; ++c) operation(single, cells, c);
}

template <class Operation>
void pool_rows(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end) {
  Cells cells;
  for (std::int64_t row = begin; row < end; ++row) {
    const float* sample = x + row / plan.out[0] * plan.in_cells() * plan.channels;
    float* to = y + row * plan.out[1] * plan.out[2] * plan.channels;
    std::int64_t at[3] = {row % plan.out[0], 0, 0};
    for (at[1] = 0; at[1] < plan.out[1]; ++at[1]) {
      for (at[2] = 0; at[2] < plan.out[2]; ++at[2], to += plan.channels) {
        cells.collect(plan.windows, plan.in, at, plan.channels);
        for_channels(Operation{sample, to}, cells, plan.channels);
      }
    }
  }
}

void RunMaxPool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end) {
  pool_rows<Maximum>(plan, x, y, begin, end);
}

void RunAvgPool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end) {
  pool_rows<Average>(plan, x, y, begin, end);
}

void RunAvgPoolBackward(const PoolPlan& plan, const float* dy, float* dx, std::int64_t begin, std::int64_t end) {
  Cells cells;
  for (std::int64_t row = begin; row < end; ++row) {
    const float* sample = dy + row / plan.in[0] * plan.out_cells() * plan.channels;
    float* to = dx + row * plan.in[1] * plan.in[2] * plan.channels;
    std::int64_t at[3] = {row % plan.in[0], 0, 0};
    for (at[1] = 0; at[1] < plan.in[1]; ++at[1]) {
      for (at[2] = 0; at[2] < plan.in[2]; ++at[2], to += plan.channels) {
        cells.collect(plan.coverers, plan.out, at, plan.channels);
        cells.weigh(plan, at);
        for_channels(WeightedSum{sample, to}, cells, plan.channels);
      }
    }
  }
}

/// Rows [first, last) of dx of one sample: all windows that reach into them, writing nowhere else.
template <bool all, bool only_writer>
void scatter_rows(const PoolPlan& plan, const float* x, const float* dy, float* dx, std::int64_t first,
                  std::int64_t last) {
  const std::int64_t row_size = plan.in[1] * plan.in[2] * plan.channels;
  std::int64_t cleared = first;
  const auto clear_until = [&](std::int64_t row) {
    if (only_writer || row <= cleared) return;
    std::fill(dx + cleared * row_size, dx + row * row_size, 0.0f);
    cleared = row;
  };
  Cells cells;
  std::int64_t at[3];
  for (at[0] = 0; at[0] < plan.out[0]; ++at[0]) {
    const Tap *top = plan.windows[0].begin(at[0]), *bottom = plan.windows[0].end(at[0]) - 1;
    if (bottom->cell < first || top->cell >= last) continue;
    clear_until(std::min(bottom->cell + 1, last));
    for (at[1] = 0; at[1] < plan.out[1]; ++at[1]) {
      for (at[2] = 0; at[2] < plan.out[2]; ++at[2]) {
        cells.collect(plan.windows, plan.in, at, plan.channels);
        cells.own_rows(first, last, row_size);
        const float* share = dy + ((at[0] * plan.out[1] + at[1]) * plan.out[2] + at[2]) * plan.channels;
        for_channels(Scatter<all, only_writer>{x, share, dx}, cells, plan.channels);
      }
    }
  }
  clear_until(last);
}

void RunMaxPoolBackward(const PoolPlan& plan, bool all, const float* x, const float* dy, float* dx, std::int64_t begin,
                        std::int64_t end) {
  const auto function = all ? (plan.partition ? scatter_rows<true, true> : scatter_rows<true, false>)
                            : (plan.partition ? scatter_rows<false, true> : scatter_rows<false, false>);
  const std::int64_t x_size = plan.in_cells() * plan.channels, y_size = plan.out_cells() * plan.channels;
  while (begin < end) {
    const std::int64_t n = begin / plan.in[0], first = begin % plan.in[0];
    const std::int64_t last = std::min(plan.in[0], first + end - begin);
    function(plan, x + n * x_size, dy + n * y_size, dx + n * x_size, first, last);
    begin += last - first;
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(RunMaxPool);
HWY_EXPORT(RunAvgPool);
HWY_EXPORT(RunAvgPoolBackward);
HWY_EXPORT(RunMaxPoolBackward);

void run_max_pool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunMaxPool)(plan, x, y, begin, end);
}

void run_avg_pool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunAvgPool)(plan, x, y, begin, end);
}

void run_avg_pool_backward(const PoolPlan& plan, const float* dy, float* dx, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunAvgPoolBackward)(plan, dy, dx, begin, end);
}

void run_max_pool_backward(const PoolPlan& plan, bool all, const float* x, const float* dy, float* dx,
                           std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunMaxPoolBackward)(plan, all, x, dy, dx, begin, end);
}

}  // namespace signxai::cpu
#endif
