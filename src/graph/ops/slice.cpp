// slice: a regular part of an array. Negative begins and ends count from the end of the axis, also of an open one;
// strides are positive. pad: constants around an array. Each is the other's pull-back.
#include <algorithm>

#include "graph/ops/ops.h"
#include "graph/ops/slicing.h"

namespace signxai::graph {
namespace {

std::string span_text(std::int64_t begin, std::int64_t end) {
  return "[" + std::to_string(begin) + ", " + (end == kToEnd ? "end" : std::to_string(end)) + ")";
}

/// Elements of [begin, end) on an axis of `extent`, all resolved.
std::int64_t bound_count(std::int64_t begin, std::int64_t end, std::int64_t extent) {
  return begin >= 0 && begin < end && end <= extent ? end - begin : 0;
}

/// The same as far as it is known of an open axis: kOpen where it depends on the extent.
std::int64_t open_count(std::int64_t begin, std::int64_t end) {
  if (end == kToEnd) return begin < 0 ? -begin : kOpen;
  if ((begin < 0) != (end < 0)) return kOpen;
  return std::max<std::int64_t>(end - begin, 0);
}

SliceAxis resolve_axis(std::int64_t begin, std::int64_t end, std::int64_t stride, std::int64_t extent) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  const auto absurd = [=](std::int64_t v) { return v < -kLargest || v > kLargest; };
  if (stride < 1 || absurd(stride)) refuse_op("slice", "strides must be positive; got " + std::to_string(stride));
  SliceAxis axis{begin, 0, stride};
  if (!absurd(begin) && (end == kToEnd || !absurd(end))) {
    if (extent == kOpen) {
      axis.count = open_count(begin, end);
    } else {
      axis.begin = begin < 0 ? begin + extent : begin;
      axis.count = bound_count(axis.begin, end == kToEnd ? extent : end < 0 ? end + extent : end, extent);
    }
  }
  if (axis.count == 0) {
    refuse_op("slice", "nothing is left or the ends are out of range; got " + span_text(begin, end) +
                           " of an extent of " + (extent == kOpen ? "?" : std::to_string(extent)));
  }
  if (axis.count != kOpen) axis.count = (axis.count - 1) / stride + 1;
  return axis;
}

Type infer_slice(const InferArgs& a) {
  Shape out;
  for (const SliceAxis& axis : slice_axes(a.attrs, a.inputs[0].shape)) out.push_back(axis.count);
  return Type(std::move(out));
}

Array evaluate_slice(const Node& node, std::span<const Array* const> in) {
  Ints strides = row_major_strides(in[0]->shape);
  const auto axes = slice_axes(node.attrs, in[0]->shape);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    start += axes[i].begin * strides[i];
    strides[i] *= axes[i].stride;
  }
  return copy_strided(node.type.shape, *in[0], start, strides);
}

/// Puts stride - 1 zeros behind every index of an axis.
Value spread(Builder& b, Value value, std::size_t axis, std::int64_t stride) {
  Shape apart = b.shape(value), joined = apart;
  require_bound("slice", apart);
  apart.insert(apart.begin() + static_cast<std::ptrdiff_t>(axis) + 1, 1);
  joined[axis] *= stride;
  Ints pads(2 * apart.size(), 0);
  pads[2 * axis + 3] = stride - 1;
  return b.reshape(b.make("pad", {b.reshape(value, apart)}, {{"pads", std::move(pads)}}), joined);
}

/// Zeros before and after what was taken of an axis, `taken` elements counted with the gaps between them.
std::pair<std::int64_t, std::int64_t> margins(const Node& node, std::size_t i, const SliceAxis& axis,
                                              std::int64_t extent, std::int64_t taken) {
  if (extent != kOpen) return {axis.begin, extent - axis.begin - taken};
  const std::int64_t end = node.attrs.ints("end")[i];
  if (axis.begin < 0 || (end != kToEnd && end >= 0)) require_bound("slice", {extent});
  return {axis.begin, end == kToEnd ? 0 : -end};
}

std::vector<Value> pull_slice(const PullBackArgs& p) {
  Builder& b = p.builder;
  const Shape x = b.shape(p.node.inputs[0]);
  const auto axes = slice_axes(p.node.attrs, x);
  Value value = p.cotangent;
  Ints pads, ends(x.size(), kToEnd);
  bool crop = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (axes[i].stride > 1) value = spread(b, value, i, axes[i].stride);
    const auto [before, after] = margins(p.node, i, axes[i], x[i], axes[i].count * axes[i].stride);
    pads.insert(pads.end(), {before, std::max<std::int64_t>(after, 0)});
    if (after < 0) ends[i] = x[i], crop = true;  // the zeros behind the last element reach over the edge
  }
  value = b.make("pad", {value}, {{"pads", std::move(pads)}});
  return {crop ? b.make("slice", {value}, {{"begin", Ints(x.size(), 0)}, {"end", std::move(ends)}}) : value};
}

Type infer_pad(const InferArgs& a) {
  const Ints& pads = a.attrs.ints("pads");
  Shape out = a.inputs[0].shape;
  const std::string got = "; got pads " + signxai::to_string(pads) + " for shape " + signxai::to_string(out);
  if (pads.size() != 2 * out.size()) refuse_op("pad", "needs two pads per axis" + got);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t before = pads[2 * i], after = pads[2 * i + 1];
    constexpr std::int64_t kLargest = std::int64_t{1} << 40;
    if (before < 0 || after < 0 || before > kLargest || after > kLargest) refuse_op("pad", "pads out of range" + got);
    if (out[i] != kOpen) out[i] += before + after;
  }
  return checked_type("pad", std::move(out));
}

Array evaluate_pad(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape, node.attrs.number("value"));
  const Ints &pads = node.attrs.ints("pads"), strides = row_major_strides(out.shape);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) start += pads[2 * i] * strides[i];
  for_each_strided(in[0]->shape, start, strides, [&](auto from, auto to) { out.data[to] = in[0]->data[from]; });
  return out;
}

std::vector<Value> pull_pad(const PullBackArgs& p) {
  const Ints& pads = p.node.attrs.ints("pads");
  const Shape& x = p.builder.shape(p.node.inputs[0]);
  Ints begin, end;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t before = pads[2 * i], after = pads[2 * i + 1];
    begin.push_back(before);
    end.push_back(x[i] != kOpen ? before + x[i] : after == 0 ? kToEnd : -after);
  }
  return {p.builder.make("slice", {p.cotangent}, {{"begin", std::move(begin)}, {"end", std::move(end)}})};
}

Sign sign_slice(const Node&, std::span<const Sign> s) { return s[0]; }
Sign sign_pad(const Node& node, std::span<const Sign> s) {
  const Ints& pads = node.attrs.ints("pads");
  if (std::count(pads.begin(), pads.end(), 0) == static_cast<std::ptrdiff_t>(pads.size())) return s[0];
  const double v = node.attrs.number("value");
  return v != v ? Sign::any() : s[0].join({v<0, v == 0, v> 0});
}

}  // namespace

std::vector<SliceAxis> slice_axes(const Attrs& attrs, const Shape& x) {
  const Ints &begin = attrs.ints("begin"), &end = attrs.ints("end"), &strides = attrs.ints("strides");
  if (begin.size() != x.size() || end.size() != x.size() || (!strides.empty() && strides.size() != x.size())) {
    refuse_op("slice", "needs one begin, end and stride per axis; got " + std::to_string(begin.size()) + ", " +
                           std::to_string(end.size()) + " and " + std::to_string(strides.size()) + " for shape " +
                           signxai::to_string(x));
  }
  std::vector<SliceAxis> axes;
  for (std::size_t i = 0; i < x.size(); ++i)
    axes.push_back(resolve_axis(begin[i], end[i], strides.empty() ? 1 : strides[i], x[i]));
  return axes;
}

OpDef op_slice() {
  OpDef op{.name = "slice", .kind = OpKind::kShape};
  op.attrs = {{"begin", AttrType::kInts, {}}, {"end", AttrType::kInts, {}}, {"strides", AttrType::kInts, Ints{}}};
  op.infer = infer_slice;
  op.evaluate = evaluate_slice;
  op.pull_back = pull_slice;
  op.sign = sign_slice;
  op.annihilators = 1;
  return op;
}

/// Not annihilated by its input, because `value` may be another number; the sign rule knows.
OpDef op_pad() {
  OpDef op{.name = "pad", .kind = OpKind::kShape};
  op.attrs = {{"pads", AttrType::kInts, {}}, {"value", AttrType::kNumber, 0.0}};
  op.infer = infer_pad;
  op.evaluate = evaluate_pad;
  op.pull_back = pull_pad;
  op.sign = sign_pad;
  return op;
}

}  // namespace signxai::graph
