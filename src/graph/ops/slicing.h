// What a `slice` node takes of each axis, with ends and negative positions resolved. For the primitive and the
// backends.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "graph/types.h"

namespace signxai::graph {

/// As an end of `slice`: to the end of the axis.
inline constexpr std::int64_t kToEnd = std::numeric_limits<std::int64_t>::max();

/// Elements begin, begin + stride, ... (count of them). On an open axis `begin` may still be negative (from the end)
/// and `count` may be kOpen.
struct SliceAxis {
  std::int64_t begin, count, stride;
};

/// Throws Error(kInvalidArgument) when positions are out of range or nothing is left.
std::vector<SliceAxis> slice_axes(const Attrs& attrs, const Shape& x);

}  // namespace signxai::graph
