// Convolutions in plain loops, both ways: every cell of the result sums over its taps. They take what oneDNN does not:
// weights that are computed at run time.
#pragma once

#include "backends/cpu/geometry.h"

namespace signxai::cpu {

/// y[cell] = sum over taps of x[tap's cell] times the tap's matrix. Forward, x and y are those of the convolution;
/// backward they have changed places and the matrices are transposed.
struct DirectPlan {
  TapLists taps[3];
  std::int64_t batch, groups;
  std::int64_t from[3], to[3], windows[3];
  std::int64_t from_channels, to_channels;  ///< per group
  bool relu;

  std::int64_t from_cells() const { return from[0] * from[1] * from[2]; }
  std::int64_t rows() const { return batch * to[0] * to[1]; }
  std::int64_t row_work() const;  ///< multiplications per row, about
};

DirectPlan plan_direct(const ConvShape& shape, bool backward);

/// Rows [begin, end) of y. Weights as [tap][from channel of a group][to channels of all groups]. `bias` may be null.
/// Dispatches on the instruction set.
void run_direct(const DirectPlan& plan, const float* x, const float* weights, const float* bias, float* y,
                std::int64_t begin, std::int64_t end);

}  // namespace signxai::cpu
