// transpose (axis i of the result is axis perm[i] of the input) and reverse (back to front along one axis).
#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

Type infer_transpose(const InferArgs& a) {
  const Shape& x = a.inputs[0].shape;
  const Ints& perm = a.attrs.ints("perm");
  const std::string got = "; got shape " + signxai::to_string(x) + " and perm " + signxai::to_string(perm);
  if (perm.size() != x.size()) refuse_op("transpose", "perm does not fit" + got);
  std::vector<bool> seen(x.size(), false);
  Shape out;
  for (std::int64_t entry : perm) {
    const std::size_t axis = checked_axis("transpose", entry, x);
    if (seen[axis]) refuse_op("transpose", "perm names an axis twice" + got);
    seen[axis] = true;
    out.push_back(x[axis]);
  }
  return Type(std::move(out));
}

Array evaluate_transpose(const Node& node, std::span<const Array* const> in) {
  const Ints own = row_major_strides(in[0]->shape);
  Ints strides;
  for (std::int64_t axis : node.attrs.ints("perm")) strides.push_back(own[static_cast<std::size_t>(axis)]);
  return copy_strided(node.type.shape, *in[0], 0, strides);
}

std::vector<Value> pull_transpose(const PullBackArgs& p) {
  const Ints& perm = p.node.attrs.ints("perm");
  Ints inverse(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i)
    inverse[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
  return {p.builder.make("transpose", {p.cotangent}, {{"perm", std::move(inverse)}})};
}

Type infer_reverse(const InferArgs& a) {
  checked_axis("reverse", a.attrs.integer("axis"), a.inputs[0].shape);
  return a.inputs[0];
}

Array evaluate_reverse(const Node& node, std::span<const Array* const> in) {
  const Shape& shape = in[0]->shape;
  const auto axis = static_cast<std::size_t>(node.attrs.integer("axis"));
  Ints strides = row_major_strides(shape);
  const std::int64_t last = (shape[axis] - 1) * strides[axis];
  strides[axis] = -strides[axis];
  return copy_strided(shape, *in[0], last, strides);
}

std::vector<Value> pull_reverse(const PullBackArgs& p) { return {p.builder.remake(p.node, {p.cotangent})}; }

}  // namespace

OpDef op_transpose() {
  OpDef op{.name = "transpose", .kind = OpKind::kShape};
  op.attrs = {{"perm", AttrType::kInts, {}}};
  op.infer = infer_transpose;
  op.evaluate = evaluate_transpose;
  op.pull_back = pull_transpose;
  op.sign = same_sign;
  op.annihilators = 1;
  return op;
}

OpDef op_reverse() {
  OpDef op{.name = "reverse", .kind = OpKind::kShape};
  op.attrs = {{"axis", AttrType::kInteger, {}}};
  op.infer = infer_reverse;
  op.evaluate = evaluate_reverse;
  op.pull_back = pull_reverse;
  op.sign = same_sign;
  op.annihilators = 1;
  return op;
}

}  // namespace signxai::graph
