// Helpers shared by the op files: shapes, strides, and the epilogue of contractions.
#include <algorithm>
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {

void refuse_op(std::string_view op, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "graph", op, why);
}

Type checked_type(std::string_view op, Shape shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t room = kMost;  // how many times the elements counted so far fit into the limit
  for (std::int64_t extent : shape) {
    if (extent < 0 && extent != kOpen) refuse_op(op, "an extent is negative; got shape " + signxai::to_string(shape));
    if (extent > room) {
      refuse_op(op, "absurd shape; got " + signxai::to_string(shape) + ", expected at most 2^40 elements");
    }
    if (extent > 1) room /= extent;
  }
  return Type(std::move(shape));
}

bool shapes_agree(const Shape& a, const Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](auto m, auto n) { return m == n || m == kOpen || n == kOpen; });
}

std::size_t checked_axis(std::string_view op, std::int64_t axis, const Shape& shape) {
  if (axis >= 0 && axis < static_cast<std::int64_t>(shape.size())) return static_cast<std::size_t>(axis);
  refuse_op(op, "axis out of range; got " + std::to_string(axis) + " for shape " + signxai::to_string(shape));
}

void require_bound(std::string_view op, const Shape& shape) {
  if (Type(shape).is_bound()) return;
  refuse_op(op, "cannot be differentiated over an open extent; got shape " + signxai::to_string(shape) +
                    "; try binding the graph first");
}

Sign same_sign(const Node&, std::span<const Sign> inputs) { return inputs[0]; }

void add_scaled(const double* from, double factor, double* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

Sign contraction_sign(const Node& node, std::span<const Sign> inputs) {
  const Sign a = inputs[0], b = inputs[1];
  Sign sum{(a.negative && b.positive) || (a.positive && b.negative), true,
           (a.negative && b.negative) || (a.positive && b.positive)};
  if (inputs.size() > 2) {
    const Sign bias = inputs[2];
    const bool cancels = (sum.negative && bias.positive) || (sum.positive && bias.negative);
    sum = {sum.negative || bias.negative, bias.zero || cancels, sum.positive || bias.positive};
  }
  const bool rectified = node.attrs.contains("activation") && node.attrs.text("activation") == "relu";
  return rectified ? Sign{false, sum.zero || sum.negative, sum.positive} : sum;
}

void check_epilogue(std::string_view op, const InferArgs& args, std::int64_t channels) {
  const std::string& activation = args.attrs.text("activation");
  if (!activation.empty() && activation != "relu") {
    refuse_op(op, "unknown activation; got '" + activation + "', expected 'relu' or ''");
  }
  if (args.inputs.size() < 3 || shapes_agree(args.inputs[2].shape, {channels})) return;
  refuse_op(op, "bias has the wrong shape; got " + signxai::to_string(args.inputs[2].shape) + ", expected " +
                    signxai::to_string(Shape{channels}));
}

void apply_epilogue(const Node& node, std::span<const Array* const> inputs, Array& out) {
  if (inputs.size() > 2) {
    const auto& bias = inputs[2]->data;
    for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] += bias[i % bias.size()];
  }
  if (node.attrs.text("activation").empty()) return;
  for (double& v : out.data) v = v > 0 || std::isnan(v) ? v : 0.0;
}

void refuse_epilogue(const Node& node) {
  if (node.inputs.size() < 3 && node.attrs.text("activation").empty()) return;
  throw Error(ErrorCode::kInternal, "graph", node.op->name,
              "cannot be differentiated after bias or activation were fused in");
}

Ints row_major_strides(const Shape& shape) {
  Ints strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0; step *= shape[i]) strides[i] = step;
  return strides;
}

Array copy_strided(const Shape& shape, const Array& from, std::int64_t start, const Ints& strides) {
  Array out(shape);
  for_each_strided(shape, start, strides, [&](std::size_t to, std::size_t at) { out.data[to] = from.data[at]; });
  return out;
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t m = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const std::int64_t n = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (m != n && m != 1 && n != 1 && m != kOpen && n != kOpen) {
      refuse_op(op, "shapes " + signxai::to_string(a) + " and " + signxai::to_string(b) + " do not broadcast");
    }
    out[i] = m == 1 ? n : (n == 1 || m != kOpen) ? m : n;
  }
  return checked_type(op, std::move(out)).shape;
}

std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& target) {
  std::vector<std::int64_t> strides(target.size(), 0);
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1) strides[i + target.size() - shape.size()] = step;
    step *= shape[i];
  }
  return strides;
}

}  // namespace signxai::graph
