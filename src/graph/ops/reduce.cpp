// reduce_sum, reduce_mean, reduce_max, reduce_min over axes; with keep_dims = 1 the axes stay with extent 1.
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

/// Which axes of `shape` are reduced.
std::vector<bool> reduced_axes(std::string_view op, const Attrs& attrs, const Shape& shape) {
  std::vector<bool> reduced(shape.size(), false);
  for (std::int64_t entry : attrs.ints("axes")) {
    const std::size_t axis = checked_axis(op, entry, shape);
    if (reduced[axis]) refuse_op(op, "axis " + std::to_string(entry) + " is given twice");
    if (shape[axis] == 0)
      refuse_op(op, "axis " + std::to_string(entry) + " is empty; got " + signxai::to_string(shape));
    reduced[axis] = true;
  }
  return reduced;
}

Shape kept_shape(const Shape& shape, const std::vector<bool>& reduced) {
  Shape kept = shape;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (reduced[i]) kept[i] = 1;
  }
  return kept;
}

Type infer_reduce(const InferArgs& a) {
  const Shape& x = a.inputs[0].shape;
  const auto reduced = reduced_axes("reduce", a.attrs, x);
  const std::int64_t keep = a.attrs.integer("keep_dims");
  if (keep != 0 && keep != 1) refuse_op("reduce", "attribute 'keep_dims' must be 0 or 1; got " + std::to_string(keep));
  Shape out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!reduced[i] || keep) out.push_back(reduced[i] ? 1 : x[i]);
  }
  return Type(std::move(out));
}

/// Steps through the result while walking x: 0 along reduced axes.
Ints result_strides(const Node& node, const Shape& x) {
  const auto reduced = reduced_axes(node.op->name, node.attrs, x);
  Ints strides = row_major_strides(kept_shape(x, reduced));
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (reduced[i]) strides[i] = 0;
  }
  return strides;
}

template <bool mean>
Array evaluate_sum(const Node& node, std::span<const Array* const> in) {
  const Array& x = *in[0];
  Array out(node.type.shape);
  for_each_strided(x.shape, 0, result_strides(node, x.shape),
                   [&](auto from, auto to) { out.data[to] += x.data[from]; });
  const double count = static_cast<double>(x.data.size()) / static_cast<double>(out.data.size());
  if (mean) {
    for (double& v : out.data) v /= count;
  }
  return out;
}

/// NaN wins over numbers, so that it stays visible.
template <bool maximum>
Array evaluate_extremum(const Node& node, std::span<const Array* const> in) {
  const Array& x = *in[0];
  Array out(node.type.shape, maximum ? -INFINITY : INFINITY);
  for_each_strided(x.shape, 0, result_strides(node, x.shape), [&](auto from, auto to) {
    const double v = x.data[from];
    double& best = out.data[to];
    if (std::isnan(v) || (maximum ? v > best : v < best)) best = v;
  });
  return out;
}

/// `value` (of the result's shape) with the reduced axes back as extents of 1.
Value with_axes(const PullBackArgs& p, Value value) {
  if (p.node.attrs.integer("keep_dims")) return value;
  const Shape x = p.builder.shape(p.node.inputs[0]);
  return p.builder.reshape(value, kept_shape(x, reduced_axes(p.node.op->name, p.node.attrs, x)));
}

template <bool mean>
std::vector<Value> pull_sum(const PullBackArgs& p) {
  Builder& b = p.builder;
  const Shape x = b.shape(p.node.inputs[0]);
  Shape target = x, over;
  const auto reduced = reduced_axes(p.node.op->name, p.node.attrs, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (reduced[i]) over.push_back(x[i]);
    if (!reduced[i]) target[i] = 0;  // keep, open or not
  }
  require_bound(p.node.op->name, over);
  Value share = with_axes(p, p.cotangent);
  if (mean) share = b.div(share, b.constant(static_cast<double>(element_count(over))));
  return {b.broadcast(share, target)};
}

/// Tied extrema share the cotangent equally.
std::vector<Value> pull_reduced_extremum(const PullBackArgs& p) {
  Builder& b = p.builder;
  const Value winners = b.make("equal", {p.node.inputs[0], with_axes(p, p.result)});
  const Value count = b.reduce("reduce_sum", winners, p.node.attrs.ints("axes"), true);
  return {b.mul(winners, b.safe_div(with_axes(p, p.cotangent), count))};
}

Sign sign_sum(const Node&, std::span<const Sign> s) {
  return {s[0].negative, s[0].zero || (s[0].negative && s[0].positive), s[0].positive};
}
Sign sign_mean(const Node&, std::span<const Sign> s) { return {s[0].negative, true, s[0].positive}; }
Sign sign_extremum(const Node&, std::span<const Sign> s) { return s[0]; }

template <typename Evaluate, typename PullBack, typename SignRule>
OpDef reduction(const char* name, Evaluate evaluate, PullBack pull_back, SignRule sign) {
  OpDef op{.name = name, .kind = OpKind::kReduce};
  op.attrs = {{"axes", AttrType::kInts, {}}, {"keep_dims", AttrType::kInteger, std::int64_t{0}}};
  op.infer = infer_reduce;
  op.evaluate = evaluate;
  op.pull_back = pull_back;
  op.sign = sign;
  op.annihilators = 1;
  return op;
}

}  // namespace

std::vector<OpDef> reduce_ops() {
  return {
      reduction("reduce_max", evaluate_extremum<true>, pull_reduced_extremum, sign_extremum),
      reduction("reduce_mean", evaluate_sum<true>, pull_sum<true>, sign_mean),
      reduction("reduce_min", evaluate_extremum<false>, pull_reduced_extremum, sign_extremum),
      reduction("reduce_sum", evaluate_sum<false>, pull_sum<false>, sign_sum),
  };
}

}  // namespace signxai::graph
