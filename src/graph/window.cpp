// Window geometry from attributes and shapes.
#include "graph/window.h"

#include <algorithm>
#include <string>

#include "signxai/error.h"

namespace signxai::graph {
namespace {

/// Extents, strides, dilations and pads stay below this, so that products of two of them fit.
constexpr std::int64_t kLargest = std::int64_t{1} << 30;

[[noreturn]] void refuse(std::string_view op, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "graph", op, why);
}

void check_count(std::string_view op, const char* name, const Ints& values, std::size_t expected) {
  if (values.size() == expected) return;
  refuse(op, "attribute '" + std::string(name) + "' has the wrong length; got " + signxai::to_string(values) +
                 ", expected " + std::to_string(expected) + " entries");
}

void check_range(std::string_view op, const char* name, const Ints& values, std::int64_t least) {
  const auto fits = [=](std::int64_t v) { return v >= least && v <= kLargest; };
  if (std::all_of(values.begin(), values.end(), fits)) return;
  refuse(op, std::string(name) + " out of range; got " + signxai::to_string(values) + ", expected entries from " +
                 std::to_string(least) + " to " + std::to_string(kLargest));
}

/// Fills in the output extent and the pads of "same"; explicit pads are there already.
void close(std::string_view op, const std::string& padding, WindowAxis& axis) {
  const std::int64_t reach = (axis.window - 1) * axis.dilation + 1;
  if (axis.in == kOpen) {
    axis.out = kOpen;
    return;
  }
  if (padding == "same") {
    axis.out = (axis.in + axis.stride - 1) / axis.stride;
    const std::int64_t total = std::max<std::int64_t>((axis.out - 1) * axis.stride + reach - axis.in, 0);
    axis.pad_lo = total / 2;
    axis.pad_hi = total - axis.pad_lo;
    return;
  }
  const std::int64_t room = axis.in + axis.pad_lo + axis.pad_hi - reach;
  if (room < 0) {
    refuse(op, "the window does not fit into its input; got an extent of " + std::to_string(axis.in) + " padded by " +
                   std::to_string(axis.pad_lo) + "+" + std::to_string(axis.pad_hi) + ", expected at least " +
                   std::to_string(reach) + " (window " + std::to_string(axis.window) + ", dilation " +
                   std::to_string(axis.dilation) + "); try padding 'same' or a larger input");
  }
  axis.out = room / axis.stride + 1;
}

void check_padding(std::string_view op, const std::string& padding, const Ints& pads, std::size_t rank) {
  if (padding == "explicit") {
    check_count(op, "pads", pads, 2 * rank);
    check_range(op, "pads", pads, 0);
  } else if (padding != "same" && padding != "valid") {
    refuse(op, "unknown padding; got '" + padding + "', expected 'same', 'valid' or 'explicit'");
  } else if (!pads.empty()) {
    refuse(op, "attribute 'pads' needs padding 'explicit'; got '" + padding + "'");
  }
}

struct Spec {
  Ints extents, window, strides, dilations;
  std::string padding;
  Ints pads;
};

std::vector<WindowAxis> windows(std::string_view op, const Spec& spec) {
  const std::size_t rank = spec.window.size();
  if (rank == 0) refuse(op, "needs at least one spatial axis");
  check_count(op, "strides", spec.strides, rank);
  check_count(op, "dilations", spec.dilations, rank);
  check_range(op, "strides", spec.strides, 1);
  check_range(op, "dilations", spec.dilations, 1);
  check_range(op, "window extents", spec.window, 1);
  check_padding(op, spec.padding, spec.pads, rank);
  Ints closed = spec.extents;
  std::replace(closed.begin(), closed.end(), kOpen, std::int64_t{1});
  check_range(op, "spatial extents", closed, 1);
  std::vector<WindowAxis> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    axes[i] = {spec.extents[i], 0, spec.window[i], spec.strides[i], spec.dilations[i], 0, 0};
    if (!spec.pads.empty()) axes[i].pad_lo = spec.pads[2 * i], axes[i].pad_hi = spec.pads[2 * i + 1];
    close(op, spec.padding, axes[i]);
  }
  return axes;
}

/// The spatial extents of [N, s1..sn, C].
Ints spatial(std::string_view op, const Shape& x, std::size_t rank) {
  if (x.size() != rank + 2) {
    refuse(op, "input has the wrong rank; got shape " + signxai::to_string(x) + ", expected batch, " +
                   std::to_string(rank) + " spatial axes and channels");
  }
  return Ints(x.begin() + 1, x.end() - 1);
}

Ints kernel_extents(std::string_view op, const Shape& w) {
  if (w.size() < 3)
    refuse(op, "kernel has the wrong rank; got shape " + signxai::to_string(w) + ", expected 3 or more");
  return Ints(w.begin(), w.end() - 2);
}

/// Attribute input_spatial, which has to be bound.
const Ints& input_spatial(std::string_view op, const Attrs& attrs, std::size_t rank) {
  const Ints& extents = attrs.ints("input_spatial");
  check_count(op, "input_spatial", extents, rank);
  check_range(op, "input_spatial", extents, 1);
  return extents;
}

std::vector<WindowAxis> conv(std::string_view op, const Attrs& attrs, const Ints& extents, const Ints& window) {
  return windows(
      op, {extents, window, attrs.ints("strides"), attrs.ints("dilations"), attrs.text("padding"), attrs.ints("pads")});
}

std::vector<WindowAxis> pool(std::string_view op, const Attrs& attrs, const Ints& extents) {
  const Ints& window = attrs.ints("window");
  const Ints close(window.size(), 1);
  const Ints& pads = attrs.ints("pads");
  const auto axes = windows(op, {extents, window, attrs.ints("strides"), close, attrs.text("padding"), pads});
  for (const WindowAxis& axis : axes) {
    const std::int64_t last = (axis.out - 1) * axis.stride - axis.pad_lo;
    if (axis.pad_lo >= axis.window || (axis.in != kOpen && last >= axis.in))
      refuse(op, "a window would lie in the padding altogether");
  }
  return axes;
}

}  // namespace

std::vector<WindowAxis> conv_windows(std::string_view op, const Attrs& attrs, const Shape& x, const Shape& w) {
  const Ints window = kernel_extents(op, w);
  return conv(op, attrs, spatial(op, x, window.size()), window);
}

std::vector<WindowAxis> conv_backward_windows(std::string_view op, const Attrs& attrs, const Shape& w) {
  const Ints window = kernel_extents(op, w);
  return conv(op, attrs, input_spatial(op, attrs, window.size()), window);
}

std::vector<WindowAxis> pool_windows(std::string_view op, const Attrs& attrs, const Shape& x) {
  return pool(op, attrs, spatial(op, x, attrs.ints("window").size()));
}

std::vector<WindowAxis> pool_backward_windows(std::string_view op, const Attrs& attrs) {
  return pool(op, attrs, input_spatial(op, attrs, attrs.ints("window").size()));
}

}  // namespace signxai::graph
