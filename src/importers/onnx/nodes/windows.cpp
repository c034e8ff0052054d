// Pads that a node states, or that follow from a kind of padding.
#include "importers/onnx/nodes/windows.h"

#include <algorithm>

namespace signxai::onnx {
namespace {

/// ONNX lists all pads before the axes, then all behind them.
graph::Ints paired(Node& node, const graph::Ints& pads, std::size_t axes) {
  if (pads.size() != 2 * axes)
    node.corrupt("has " + std::to_string(pads.size()) + " pads; expected " + std::to_string(2 * axes));
  graph::Ints pairs;
  for (std::size_t i = 0; i < axes; ++i) pairs.insert(pairs.end(), {pads[i], pads[i + axes]});
  if (std::any_of(pairs.begin(), pairs.end(), [](std::int64_t p) { return p < 0 || p > keras::kMaxExtent; })) {
    node.refuse("has negative pads, which are not supported");
  }
  return pairs;
}

/// More before than behind, where they are not the same.
graph::Ints same_lower(Node& node, const Windows& w, const graph::Ints& spatial) {
  graph::Ints pads;
  for (std::size_t i = 0; i < w.axes; ++i) {
    if (spatial[i] == graph::kOpen)
      node.refuse("has the padding SAME_LOWER over an axis of open extent; try exporting the model with fixed extents");
    const std::int64_t out = (spatial[i] + w.strides[i] - 1) / w.strides[i],
                       reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    const std::int64_t total = std::max<std::int64_t>((out - 1) * w.strides[i] + reach - spatial[i], 0);
    pads.insert(pads.end(), {total - total / 2, total / 2});
  }
  return pads;
}

graph::Ints positive(Node& node, const char* name, const graph::Ints& fallback, std::size_t axes) {
  const graph::Ints numbers = node.integers(name).value_or(fallback);
  const auto wrong = [](std::int64_t n) { return n < 1 || n > (std::int64_t{1} << 30); };
  if (numbers.size() != axes || std::any_of(numbers.begin(), numbers.end(), wrong)) {
    node.corrupt(std::string("has ") + name + " " + signxai::to_string(numbers) + "; expected " + std::to_string(axes) +
                 " positive numbers");
  }
  return numbers;
}

}  // namespace

Windows read_windows(Node& node, const Tensor& x, const graph::Ints& kernel) {
  Windows w;
  w.axes = kernel.size();
  if (w.axes < 1 || w.axes > 3)
    node.refuse("has windows over " + std::to_string(w.axes) + " axes; supported are 1 to 3");
  if (x.shape.size() != w.axes + 2) {
    node.corrupt("takes a tensor " + signxai::to_string(x.shape) + "; expected batch, channels and " +
                 std::to_string(w.axes) + " axes");
  }
  if (x.shape.front() != 1)
    node.refuse("takes " + std::to_string(x.shape.front()) + " images for each sample, which is not supported");
  w.kernel = positive(node, "kernel_shape", kernel, w.axes);
  if (w.kernel != kernel)
    node.corrupt("has the kernel_shape " + signxai::to_string(w.kernel) + "; its weights have " +
                 signxai::to_string(kernel));
  const graph::Ints ones(w.axes, 1);
  w.strides = positive(node, "strides", ones, w.axes);
  w.dilations = positive(node, "dilations", ones, w.axes);
  const std::string kind = node.text("auto_pad", "NOTSET");
  if (kind == "SAME_UPPER") {
    w.padding = "same";
  } else if (kind == "SAME_LOWER") {
    w.pads = same_lower(node, w, spatial_of(x));
  } else if (kind == "NOTSET") {
    w.pads = paired(node, node.integers("pads").value_or(graph::Ints(2 * w.axes, 0)), w.axes);
  } else if (kind != "VALID") {
    node.corrupt("has the unknown auto_pad '" + kind + "'");
  }
  return w;
}

bool has_pads(const Windows& windows) {
  return std::any_of(windows.pads.begin(), windows.pads.end(), [](std::int64_t p) { return p != 0; });
}

Json pairs_of(const graph::Ints& pads) {
  Json pairs = Json::array();
  for (std::size_t i = 0; i + 1 < pads.size(); i += 2) pairs.push_back({pads[i], pads[i + 1]});
  return pairs;
}

void describe(Json& config, const Windows& windows, const Tensor& x) {
  config["strides"] = windows.strides;
  config["padding"] = windows.padding;
  if (has_pads(windows)) config["explicit_pads"] = pairs_of(windows.pads);
  config["data_format"] = x.channels_last ? "channels_last" : "channels_first";
}

std::string class_of(const char* front, std::size_t axes, const char* back) {
  return std::string(front) + std::to_string(axes) + "D" + back;
}

graph::Ints spatial_of(const Tensor& x) { return {x.shape.begin() + 2, x.shape.end()}; }

TensorRef windowed(Node& node, const Tensor& x) { return x.channels_last ? x.ref : node.batched(x); }

void give_windowed(Node& node, const Tensor& x, const TensorRef& ref) {
  if (!x.channels_last) return node.give(0, ref, Frame::kBatch);
  Tensor made = x;
  made.ref = ref;
  const auto shape = node.translator().shape_of(ref);
  made.missing = !shape;
  if (shape) {
    made.shape = {1, shape->back()};
    made.shape.insert(made.shape.end(), shape->begin() + 1, shape->end() - 1);
    const bool point = std::all_of(shape->begin() + 1, shape->end() - 1, [](std::int64_t e) { return e == 1; });
    if (point) made.channels_last = false;  // the same order of elements
  }
  node.give(0, made);
}

}  // namespace signxai::onnx
