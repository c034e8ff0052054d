// What the convolution and pooling kernels need to know of a node, in numbers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backends/kernel.h"
#include "graph/window.h"

namespace signxai::cpu {

/// A convolution, or the one that a conv_backward_data transposes.
struct ConvShape {
  std::int64_t batch = 0, channels = 0, outputs = 0, groups = 1;  ///< channels and outputs of all groups together
  std::vector<graph::WindowAxis> axes;
  bool bias = false, relu = false;
  bool lowered = false;   ///< operands are rounded to bfloat16
  bool winograd = false;  ///< Winograd's algorithm may be used

  std::int64_t multiplications() const;
};

ConvShape conv_shape(const backends::Problem& problem);

/// Three spatial axes for kernels that are written for them; missing ones have extent 1.
using Axes3 = std::array<graph::WindowAxis, 3>;
Axes3 leading_ones(const std::vector<graph::WindowAxis>& axes);   ///< {1, h, w}
Axes3 trailing_ones(const std::vector<graph::WindowAxis>& axes);  ///< {h, w, 1}

/// A cell that contributes to another one, and the tap of the window through which it does.
struct Tap {
  std::int64_t cell, tap;
};
/// Per cell of one axis, its taps in ascending order: a table of small lists.
struct TapLists {
  std::vector<Tap> taps;
  std::vector<std::size_t> first;  ///< list i is taps[first[i]] .. taps[first[i + 1] - 1]

  const Tap* begin(std::int64_t i) const { return taps.data() + first[static_cast<std::size_t>(i)]; }
  const Tap* end(std::int64_t i) const { return taps.data() + first[static_cast<std::size_t>(i) + 1]; }
};
TapLists taps_of_outputs(const graph::WindowAxis& axis);  ///< per output cell: the input cells it covers
TapLists taps_of_inputs(const graph::WindowAxis& axis);   ///< per input cell: the output cells that cover it

}  // namespace signxai::cpu
