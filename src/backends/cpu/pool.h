// Pooling over channels-last data and its pull-backs. Lanes are channels; a window is a list of cells. Results are
// shared out by rows of the first spatial axis, so that threads never write the same cell, also where windows overlap.
#pragma once

#include "backends/cpu/geometry.h"

namespace signxai::cpu {

/// Most cells a window may have.
inline constexpr std::int64_t kPoolCells = 4096;

struct PoolPlan {
  std::int64_t batch = 0, channels = 0;
  std::int64_t in[3], out[3];
  TapLists windows[3];     ///< per output cell: its input cells
  TapLists coverers[3];    ///< per input cell: the output cells whose windows hold it
  bool partition = false;  ///< every input cell lies in exactly one window

  std::int64_t in_cells() const { return in[0] * in[1] * in[2]; }
  std::int64_t out_cells() const { return out[0] * out[1] * out[2]; }
};

// Rows [begin, end) of the result, counted over samples and the first spatial axis. Each dispatches on the instruction
// set. NaN wins over numbers in a maximum.
void run_max_pool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end);
void run_avg_pool(const PoolPlan& plan, const float* x, float* y, std::int64_t begin, std::int64_t end);
void run_avg_pool_backward(const PoolPlan& plan, const float* dy, float* dx, std::int64_t begin, std::int64_t end);
/// With `all`, every cell that equals the maximum takes the whole of dy; else the first one does.
void run_max_pool_backward(const PoolPlan& plan, bool all, const float* x, const float* dy, float* dx,
                           std::int64_t begin, std::int64_t end);

}  // namespace signxai::cpu
