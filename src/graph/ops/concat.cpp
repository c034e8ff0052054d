// concat: arrays one after the other along an axis; all other extents agree.
#include "graph/ops/ops.h"
#include "graph/ops/slicing.h"

namespace signxai::graph {
namespace {

constexpr int kMostInputs = 1024;

Type infer_concat(const InferArgs& a) {
  Shape out = a.inputs[0].shape;
  const std::size_t axis = checked_axis("concat", a.attrs.integer("axis"), out);
  for (const Type& type : a.inputs.subspan(1)) {
    Shape expected = out;
    if (type.rank() == out.size()) expected[axis] = type.shape[axis];
    if (!shapes_agree(type.shape, expected)) {
      refuse_op("concat", "shapes " + signxai::to_string(a.inputs[0].shape) + " and " + signxai::to_string(type.shape) +
                              " do not join along axis " + std::to_string(axis));
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::int64_t own = type.shape[i];
      if (i == axis) {
        out[i] = out[i] == kOpen || own == kOpen ? kOpen : out[i] + own;
      } else if (out[i] == kOpen) {
        out[i] = own;
      }
    }
    out = checked_type("concat", std::move(out)).shape;
  }
  return Type(std::move(out));
}

Array evaluate_concat(const Node& node, std::span<const Array* const> in) {
  const auto axis = static_cast<std::size_t>(node.attrs.integer("axis"));
  Array out(node.type.shape);
  const Ints strides = row_major_strides(out.shape);
  std::int64_t start = 0;
  for (const Array* part : in) {
    for_each_strided(part->shape, start, strides, [&](auto from, auto to) { out.data[to] = part->data[from]; });
    start += part->shape[axis] * strides[axis];
  }
  return out;
}

std::vector<Value> pull_back_concat(const PullBackArgs& p) {
  Builder& b = p.builder;
  const auto axis = static_cast<std::size_t>(p.node.attrs.integer("axis"));
  std::vector<Value> out(p.node.inputs.size());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Shape part = b.shape(p.node.inputs[i]);
    require_bound("concat", {part[axis]});
    Ints begin(part.size(), 0), end(part.size(), kToEnd);
    begin[axis] = offset;
    end[axis] = offset += part[axis];
    if (p.needed[i]) out[i] = b.make("slice", {p.cotangent}, {{"begin", std::move(begin)}, {"end", std::move(end)}});
  }
  return out;
}

Sign sign_concat(const Node&, std::span<const Sign> s) {
  Sign all = s[0];
  for (const Sign& one : s) all = all.join(one);
  return all;
}

}  // namespace

OpDef op_concat() {
  OpDef op{.name = "concat", .kind = OpKind::kShape, .min_inputs = 1, .max_inputs = kMostInputs};
  op.attrs = {{"axis", AttrType::kInteger, {}}};
  op.infer = infer_concat;
  op.evaluate = evaluate_concat;
  op.pull_back = pull_back_concat;
  op.sign = sign_concat;
  return op;
}

}  // namespace signxai::graph
