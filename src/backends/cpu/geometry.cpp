// Reads geometry off nodes.
#include "backends/cpu/geometry.h"

#include "graph/op.h"

namespace signxai::cpu {

using graph::WindowAxis;

std::int64_t ConvShape::multiplications() const {
  std::int64_t product = batch * channels / groups * outputs;
  for (const WindowAxis& axis : axes) product *= axis.out * axis.window;
  return product;
}

ConvShape conv_shape(const backends::Problem& problem) {
  const graph::Node& node = problem.node;
  const Shape& weights = problem.inputs[1].shape;
  const bool backward = node.is("conv_backward_data");
  const Shape& x = backward ? node.type.shape : problem.inputs[0].shape;
  ConvShape shape;
  shape.batch = x.front();
  shape.channels = x.back();
  shape.outputs = weights.back();
  shape.groups = node.attrs.integer("groups");
  shape.axes = backward ? graph::conv_backward_windows(node.op->name, node.attrs, weights)
                        : graph::conv_windows(node.op->name, node.attrs, x, weights);
  shape.bias = problem.inputs.size() > 2;
  shape.lowered = node.attrs.text("precision") == "bf16";
  shape.winograd = node.attrs.text("precision") == "winograd";
  shape.relu = !backward && node.attrs.text("activation") == "relu";
  return shape;
}

Axes3 leading_ones(const std::vector<WindowAxis>& axes) {
  Axes3 three;
  for (std::size_t i = 0; i < axes.size(); ++i) three[3 - axes.size() + i] = axes[i];
  return three;
}

Axes3 trailing_ones(const std::vector<WindowAxis>& axes) {
  Axes3 three;
  for (std::size_t i = 0; i < axes.size(); ++i) three[i] = axes[i];
  return three;
}

TapLists taps_of_outputs(const WindowAxis& axis) {
  TapLists lists;
  for (std::int64_t o = 0; o < axis.out; ++o) {
    lists.first.push_back(lists.taps.size());
    for (std::int64_t k = 0; k < axis.window; ++k) {
      const std::int64_t i = axis.at(o, k);
      if (i >= 0 && i < axis.in) lists.taps.push_back({i, k});
    }
  }
  lists.first.push_back(lists.taps.size());
  return lists;
}

TapLists taps_of_inputs(const WindowAxis& axis) {
  TapLists lists;
  for (std::int64_t i = 0; i < axis.in; ++i) {
    lists.first.push_back(lists.taps.size());
    for (std::int64_t k = axis.window; k-- > 0;) {  // ascending output cells
      const std::int64_t scaled = i + axis.pad_lo - k * axis.dilation;
      if (scaled >= 0 && scaled % axis.stride == 0 && scaled / axis.stride < axis.out) {
        lists.taps.push_back({scaled / axis.stride, k});
      }
    }
  }
  lists.first.push_back(lists.taps.size());
  return lists;
}

}  // namespace signxai::cpu
