// Reductions along axes, and positions of the largest and smallest elements.
#include <algorithm>
#include <numeric>

#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

struct Reduction {
  TensorRef x;
  graph::Ints axes;
  bool keep = true;
  Frame frame = Frame::kBatch;
};

/// Axes are an attribute at first and an input in newer versions; without them all axes are reduced.
std::optional<Reduction> read(Node& node) {
  const Tensor& x = node.input(0);
  graph::Ints axes = node.integers("axes", 1).value_or(graph::Ints{});
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return std::nullopt;
  for (std::int64_t& axis : axes) axis = node.axis(axis, x.shape.size());
  if (axes.empty()) {
    axes.resize(x.shape.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::sort(axes.begin(), axes.end());
  Reduction r;
  r.keep = node.integer("keepdims", 1) != 0;
  const bool behind = !axes.empty() && axes.front() > 0;
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  const auto spatial = [&] {
    return std::all_of(axes.begin(), axes.end(), [](std::int64_t a) { return a >= 2; }) &&
           static_cast<std::int64_t>(axes.size()) == rank - 2;
  };
  if (x.channels_last && spatial()) {  // what is left has the order of either layout
    r.x = x.ref;
    for (const std::int64_t axis : axes) r.axes.push_back(axis - 1);
    r.keep = false;
    return r;
  }
  r.frame = behind ? Node::frame_for(x) : Frame::kSample;
  r.x = node.in_frame(x, r.frame);
  for (const std::int64_t axis : axes) r.axes.push_back(in_frame(axis, r.frame));
  return r;
}

Json options_of(const Reduction& r) { return {{"x", nth(0)}, {"axis", r.axes}, {"keepdims", r.keep}}; }

void give_reduced(Node& node, const Reduction& r, const TensorRef& ref) {
  const Tensor& x = node.input(0);
  node.give(0, ref, r.frame);
  if (!x.channels_last || r.keep || node.integer("keepdims", 1) == 0) return;
  Tensor wide = node.translator().tensor(node.proto().output(0), node.name());
  wide.shape.resize(x.shape.size(), 1);
  wide.view = node.name();
  node.give(0, wide);
}

}  // namespace

void translate_reduction(Node& node, const char* operation) {
  const auto r = read(node);
  if (!r) return node.give(0, node.input(0));
  give_reduced(node, *r, node.operation(operation, options_of(*r), {r->x}));
}

void translate_reduce_norm(Node& node, int order) {
  const auto r = read(node);
  if (!r) return node.give(0, node.input(0));
  Json options = options_of(*r);
  options["ord"] = order;
  give_reduced(node, *r, node.operation("Norm", options, {r->x}));
}

void translate_reduce_log_sum(Node& node) {
  const auto r = read(node);
  if (!r) return translate_single(node, "Log");
  const TensorRef sum = node.operation("Sum", options_of(*r), {r->x}, "/sum");
  give_reduced(node, *r, node.operation("Log", {{"x", nth(0)}}, {sum}));
}

void translate_reduce_sum_square(Node& node) {
  const auto r = read(node);
  if (!r) return translate_single(node, "Square");
  const TensorRef squares = node.operation("Square", {{"x", nth(0)}}, {r->x}, "/square");
  give_reduced(node, *r, node.operation("Sum", options_of(*r), {squares}));
}

void translate_position(Node& node, const char* operation) {
  const Tensor& x = node.input(0);
  const std::int64_t axis = node.axis(node.integer("axis", 0), x.shape.size());
  const Frame frame = Node::frame_for(x, axis);
  const Json options{{"x", nth(0)}, {"axis", in_frame(axis, frame)}, {"keepdims", node.integer("keepdims", 1) != 0}};
  node.give(0, node.operation(operation, options, {node.in_frame(x, frame)}), frame);
}

}  // namespace signxai::onnx
