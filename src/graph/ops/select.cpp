// select(c, a, b): a where c is not zero, else b; with broadcasting.
#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

Type infer_select(const InferArgs& a) {
  const Shape branches = broadcast_shapes("select", a.inputs[1].shape, a.inputs[2].shape);
  return Type(broadcast_shapes("select", a.inputs[0].shape, branches));
}

Array evaluate_select(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape);
  for_each_broadcast(out.shape, in[0]->shape, in[1]->shape, [&](std::int64_t i, std::int64_t c, std::int64_t a) {
    if (in[0]->data[static_cast<std::size_t>(c)] != 0)
      out.data[static_cast<std::size_t>(i)] = in[1]->data[static_cast<std::size_t>(a)];
  });
  for_each_broadcast(out.shape, in[0]->shape, in[2]->shape, [&](std::int64_t i, std::int64_t c, std::int64_t b) {
    if (in[0]->data[static_cast<std::size_t>(c)] == 0)
      out.data[static_cast<std::size_t>(i)] = in[2]->data[static_cast<std::size_t>(b)];
  });
  return out;
}

std::vector<Value> pull_back_select(const PullBackArgs& p) {
  Builder& b = p.builder;
  const Value c = p.node.inputs[0], zero = b.constant(0.0);
  std::vector<Value> out(3);
  if (p.needed[1]) out[1] = b.sum_to(b.select(c, p.cotangent, zero), Shape(b.shape(p.node.inputs[1])));
  if (p.needed[2]) out[2] = b.sum_to(b.select(c, zero, p.cotangent), Shape(b.shape(p.node.inputs[2])));
  return out;
}

Sign sign_select(const Node&, std::span<const Sign> s) {
  if (s[0].is_zero()) return s[2];
  return s[0].zero ? s[1].join(s[2]) : s[1];
}

}  // namespace

OpDef op_select() {
  OpDef op{.name = "select", .kind = OpKind::kPointwise, .min_inputs = 3, .max_inputs = 3};
  op.infer = infer_select;
  op.evaluate = evaluate_select;
  op.pull_back = pull_back_select;
  op.sign = sign_select;
  return op;
}

}  // namespace signxai::graph
