// Backward data into few channels: the pull-back to the image. With three channels on the result's side a convolution
// kernel leaves most lanes empty; here the lanes are the output channels of the convolution, which are many, and the sum
// over them is folded at the end. Weights are used as Keras has them.
#pragma once

#include "backends/cpu/direct_convolution.h"

namespace signxai::cpu {

/// Neighbouring cells (a stride apart) of a row of the result whose taps are the same, moved along by one cell each.
struct ColumnBlock {
  std::int64_t first, count;  ///< count is kNarrowColumns or 1
};
inline constexpr std::int64_t kNarrowColumns = 4;
inline constexpr std::int64_t kNarrowChannels = 4;

struct NarrowPlan {
  DirectPlan direct;  ///< the backward one: from outputs to channels
  std::int64_t stride;
  std::vector<ColumnBlock> blocks;  ///< cover the last axis
};

/// Rows [begin, end) of dx. Dispatches on the instruction set.
void run_narrow(const NarrowPlan& plan, const float* dy, const float* weights, float* dx, std::int64_t begin,
                std::int64_t end);

}  // namespace signxai::cpu
