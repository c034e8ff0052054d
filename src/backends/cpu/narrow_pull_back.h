// Backward data into few channels: the pull-back to the image. With three channels on the result's side a convolution
// kernel leaves most lanes empty; here the lanes are the output channels of the convolution, which are many, and the
// sum over them is folded at the end.
#pragma once

#include "backends/cpu/direct_convolution.h"

namespace signxai::cpu {

inline constexpr std::int64_t kNarrowColumns = 4;
inline constexpr std::int64_t kNarrowChannels = 4;

/// Cells of one row of dy that lie side by side, as their taps do in the packed weights.
struct Segment {
  std::int64_t cell, tap, count;
};

/// Neighbouring cells (a stride apart) of a row of the result whose taps are the same, moved along by one cell each.
struct ColumnBlock {
  std::int64_t first, count;      ///< count is kNarrowColumns or 1
  std::vector<Segment> segments;  ///< of the first column
};

struct NarrowPlan {
  DirectPlan direct;  ///< the backward one: from outputs to channels
  std::int64_t stride;
  std::vector<std::int64_t> tap_order;  ///< along the last axis: the place of each tap in the packed weights
  std::vector<ColumnBlock> blocks;      ///< cover the last axis

  std::int64_t weights_size() const;
};

/// Keras' [d][h][w][channel][output] to [d][h][channel][w in tap order][output].
void pack_narrow(const NarrowPlan& plan, const float* weights, float* packed);

/// Rows [begin, end) of dx. Dispatches on the instruction set.
void run_narrow(const NarrowPlan& plan, const float* dy, const float* packed, float* dx, std::int64_t begin,
                std::int64_t end);

}  // namespace signxai::cpu
