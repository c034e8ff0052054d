// broadcast: repeats extents of 1 and adds leading axes, as NumPy does. In `shape`, 0 keeps the input's extent.
#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

Type infer_broadcast(const InferArgs& a) {
  const Shape& x = a.inputs[0].shape;
  Shape out = a.attrs.ints("shape");
  const std::string got = "; got " + signxai::to_string(x) + " to " + signxai::to_string(out);
  if (out.size() < x.size()) refuse_op("broadcast", "the target has too few axes" + got);
  const std::size_t added = out.size() - x.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] < 0 || (out[i] == 0 && i < added)) refuse_op("broadcast", "an extent is missing" + got);
    if (i < added) continue;
    const std::int64_t own = x[i - added];
    if (out[i] == 0) {
      out[i] = own;
    } else if (own != 1 && own != kOpen && own != out[i]) {
      refuse_op("broadcast", "only extents of 1 are repeated" + got);
    }
  }
  return checked_type("broadcast", std::move(out));
}

Array evaluate_broadcast(const Node& node, std::span<const Array* const> in) {
  return copy_strided(node.type.shape, *in[0], 0, broadcast_strides(in[0]->shape, node.type.shape));
}

std::vector<Value> pull_back_broadcast(const PullBackArgs& p) {
  return {p.builder.sum_to(p.cotangent, Shape(p.builder.shape(p.node.inputs[0])))};
}

}  // namespace

OpDef op_broadcast() {
  OpDef op{.name = "broadcast", .kind = OpKind::kShape};
  op.attrs = {{"shape", AttrType::kInts, {}}};
  op.infer = infer_broadcast;
  op.evaluate = evaluate_broadcast;
  op.pull_back = pull_back_broadcast;
  op.sign = [](const Node&, std::span<const Sign> s) { return s[0]; };
  op.annihilators = 1;
  return op;
}

}  // namespace signxai::graph
