// resize: an image [N, h, w, C] at another size, sampled at half-pixel centres as Keras' UpSampling2D does, nearest or
// bilinear; "nearest_float32" rounds positions as TensorFlow does, which matters where they fall between two pixels.
// resize_backward: its exact transpose, from the size of the result back to `size`.
#include <algorithm>
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

/// A sample of one axis: (1 - weight) * [lo] + weight * [hi].
struct Sample {
  std::int64_t lo, hi;
  double weight;
};

std::vector<Sample> samples(std::int64_t in, std::int64_t out, const std::string& mode) {
  std::vector<Sample> axis;
  for (std::int64_t o = 0; o < out; ++o) {
    if (mode == "nearest") {
      const std::int64_t at = (2 * o + 1) * in / (2 * out);  // floor((o + 1/2) * in / out), without rounding
      axis.push_back({at, at, 0.0});
    } else if (mode == "nearest_float32") {
      const float scale = static_cast<float>(in) / static_cast<float>(out);
      const auto at = static_cast<std::int64_t>(std::floor((static_cast<float>(o) + 0.5F) * scale));
      axis.push_back({std::min(at, in - 1), std::min(at, in - 1), 0.0});
    } else {
      const double at = (static_cast<double>(o) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
      const auto below = static_cast<std::int64_t>(std::floor(at));
      axis.push_back({std::max<std::int64_t>(below, 0), std::min(below + 1, in - 1), at - static_cast<double>(below)});
    }
  }
  return axis;
}

Type infer_resize(std::string_view op, const InferArgs& a) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 30;  // so that the products of samples() fit
  Shape out = a.inputs[0].shape;
  const Ints& size = a.attrs.ints("size");
  const std::string& mode = a.attrs.text("mode");
  const auto fits = [](std::int64_t extent) { return extent > 0 && extent <= kLargest; };
  if (mode != "nearest" && mode != "nearest_float32" && mode != "bilinear") {
    refuse_op(op, "unknown mode; got '" + mode + "', expected 'nearest', 'nearest_float32' or 'bilinear'");
  }
  if (out.size() != 4) refuse_op(op, "expected an image [N, h, w, C]; got shape " + signxai::to_string(out));
  if (size.size() != 2 || !fits(size[0]) || !fits(size[1])) {
    refuse_op(op, "size is not a height and a width; got " + signxai::to_string(size));
  }
  for (std::size_t i : {1u, 2u}) {
    if (out[i] != kOpen && !fits(out[i])) refuse_op(op, "image out of range; got shape " + signxai::to_string(out));
    out[i] = size[i - 1];
  }
  return checked_type(op, std::move(out));
}

/// Calls visit(offset in the image, offset in the resized image, weight) for each row of channels.
template <typename Visit>
void for_each_resized_row(const Shape& image, const Shape& resized, const std::string& mode, Visit&& visit) {
  const auto ys = samples(image[1], resized[1], mode), xs = samples(image[2], resized[2], mode);
  const std::int64_t width = image[2], channels = image[3];
  std::int64_t to = 0;
  for (std::int64_t n = 0; n < image[0]; ++n) {
    const auto at = [&](std::int64_t y, std::int64_t x) { return ((n * image[1] + y) * width + x) * channels; };
    for (const Sample& y : ys) {
      for (const Sample& x : xs) {
        visit(at(y.lo, x.lo), to, (1 - y.weight) * (1 - x.weight));
        if (x.weight > 0) visit(at(y.lo, x.hi), to, (1 - y.weight) * x.weight);
        if (y.weight > 0) visit(at(y.hi, x.lo), to, y.weight * (1 - x.weight));
        if (x.weight > 0 && y.weight > 0) visit(at(y.hi, x.hi), to, y.weight * x.weight);
        to += channels;
      }
    }
  }
}

Array evaluate_resize(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape);
  for_each_resized_row(in[0]->shape, out.shape, node.attrs.text("mode"),
                       [&](std::int64_t x, std::int64_t y, double weight) {
                         add_scaled(in[0]->data.data() + x, weight, out.data.data() + y, out.shape[3]);
                       });
  return out;
}

Array evaluate_resize_backward(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape);
  for_each_resized_row(out.shape, in[0]->shape, node.attrs.text("mode"),
                       [&](std::int64_t x, std::int64_t y, double weight) {
                         add_scaled(in[0]->data.data() + y, weight, out.data.data() + x, out.shape[3]);
                       });
  return out;
}

/// Both are linear and each other's transpose: the other op, back to the size of the input.
std::vector<Value> transposed(const PullBackArgs& p, const char* other) {
  const Shape& x = p.builder.shape(p.node.inputs[0]);
  const Ints size{x[1], x[2]};
  require_bound(p.node.op->name, size);
  return {p.builder.make(other, {p.cotangent}, {{"size", size}, {"mode", p.node.attrs.text("mode")}})};
}

OpDef resizing(const char* name) {
  OpDef op{.name = name, .kind = OpKind::kShape};
  op.attrs = {{"size", AttrType::kInts, {}}, {"mode", AttrType::kText, {}}};
  op.sign = [](const Node&, std::span<const Sign> s) { return Sign{s[0].negative, true, s[0].positive}; };
  op.annihilators = 1;
  return op;
}

}  // namespace

OpDef op_resize() {
  OpDef op = resizing("resize");
  op.infer = [](const InferArgs& a) { return infer_resize("resize", a); };
  op.evaluate = evaluate_resize;
  op.pull_back = [](const PullBackArgs& p) { return transposed(p, "resize_backward"); };
  return op;
}

OpDef op_resize_backward() {
  OpDef op = resizing("resize_backward");
  op.infer = [](const InferArgs& a) { return infer_resize("resize_backward", a); };
  op.evaluate = evaluate_resize_backward;
  op.pull_back = [](const PullBackArgs& p) { return transposed(p, "resize"); };
  return op;
}

}  // namespace signxai::graph
