// Geometry of windows that slide over the spatial axes of [N, s1..sn, C]: convolutions and pools, with TensorFlow's
// meaning of "same" and "valid". The primitives infer and evaluate with it, the backends plan with it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/types.h"

namespace signxai::graph {

/// One spatial axis. Output cell o covers the input cells o * stride - pad_lo + k * dilation, 0 <= k < window, of which
/// those outside [0, in) are padding. Where `in` is open so is `out`, and the pads of "same" are 0 until it is bound.
struct WindowAxis {
  std::int64_t in = 1, out = 1, window = 1, stride = 1, dilation = 1, pad_lo = 0, pad_hi = 0;

  /// Input cell under tap k of output cell o; negative or >= in for padding.
  std::int64_t at(std::int64_t o, std::int64_t k) const { return o * stride - pad_lo + k * dilation; }
  bool operator==(const WindowAxis&) const = default;
};

// All of these throw Error(kInvalidArgument, "graph", op) when extents, strides, dilations or pads are not positive,
// are absurdly large or too few, or when the window does not fit into the (padded) input.

/// conv(x[N,s1..sn,C], w[k1..kn,C/groups,O]).
std::vector<WindowAxis> conv_windows(std::string_view op, const Attrs& attrs, const Shape& x, const Shape& w);
/// conv_backward_data(dy, w): the windows of the convolution it transposes; `in` is from attribute input_spatial.
std::vector<WindowAxis> conv_backward_windows(std::string_view op, const Attrs& attrs, const Shape& w);
/// max_pool(x), max_pool_backward(x, dy), avg_pool(x).
std::vector<WindowAxis> pool_windows(std::string_view op, const Attrs& attrs, const Shape& x);
/// avg_pool_backward(dy): the windows of the pool it transposes; `in` is from attribute input_spatial.
std::vector<WindowAxis> pool_backward_windows(std::string_view op, const Attrs& attrs);

/// Visits every output cell with every tap that is not padding, both in row-major order, taps innermost:
/// visit(output cell, input cell, tap) with flat indices. The axes have to be bound.
template <typename Visit>
void for_each_tap(std::span<const WindowAxis> axes, Visit&& visit) {
  std::int64_t cells = 1, taps = 1;
  for (const WindowAxis& axis : axes) cells *= axis.out, taps *= axis.window;
  const auto advance = [&](std::vector<std::int64_t>& index, std::int64_t WindowAxis::*extent) {
    for (std::size_t d = axes.size(); d-- > 0;) {
      if (++index[d] < axes[d].*extent) return;
      index[d] = 0;
    }
  };
  std::vector<std::int64_t> o(axes.size(), 0), k(axes.size(), 0);
  for (std::int64_t cell = 0; cell < cells; ++cell, advance(o, &WindowAxis::out)) {
    for (std::int64_t tap = 0; tap < taps; ++tap, advance(k, &WindowAxis::window)) {
      std::int64_t from = 0;
      bool inside = true;
      for (std::size_t d = 0; d < axes.size(); ++d) {
        const std::int64_t at = axes[d].at(o[d], k[d]);
        inside = inside && at >= 0 && at < axes[d].in;
        from = from * axes[d].in + at;
      }
      if (inside) visit(cell, from, tap);
    }
  }
}

}  // namespace signxai::graph
