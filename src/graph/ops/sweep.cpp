// sweep(v...){body}: a fused chain of pointwise operations, run element by element in one pass over memory. Region
// input i is operand i, as it is; the one region output has the broadcast shape of all operands. Made by the fusion
// pass.
#include "graph/cost.h"
#include "graph/interpret.h"
#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

Attrs adapt_sweep(const InferArgs& a) {
  std::vector<Shape> shapes;
  for (const Type& type : a.inputs) shapes.push_back(type.shape);
  Attrs attrs = a.attrs;
  attrs.set("body", fit_region("sweep", std::get<Region>(a.attrs.entries().at("body")), shapes));
  return attrs;
}

Type infer_sweep(const InferArgs& a) {
  const Graph& body = a.attrs.region("body");
  if (body.outputs().size() != 1) refuse_op("sweep", "the region needs exactly one output");
  for (const Node& node : body.nodes()) {
    if (node.op->kind != OpKind::kPointwise && node.op->kind != OpKind::kLeaf) {
      refuse_op("sweep", "the region holds '" + node.op->name + "', which is not pointwise");
    }
  }
  Shape full;
  for (const Type& type : a.inputs) full = broadcast_shapes("sweep", full, type.shape);
  const Type& result = body.type(body.outputs()[0].value);
  if (result.shape != full) {
    refuse_op("sweep", "the region yields " + to_string(result) + "; expected the operands' broadcast shape " +
                           to_string(Type(full)));
  }
  return result;
}

Array evaluate_sweep(const Node& node, std::span<const Array* const> inputs) {
  return interpret(node.attrs.region("body"), inputs).front();
}

std::vector<Value> pull_back_sweep(const PullBackArgs&) {
  throw Error(ErrorCode::kInternal, "graph", "sweep", "is made after differentiation and has no pull-back");
}

Sign sign_sweep(const Node& node, std::span<const Sign> operands) {
  const Graph& body = node.attrs.region("body");
  std::vector<Sign> signs;
  std::size_t next = 0;
  for (const Node& inner : body.nodes()) {
    std::vector<Sign> inputs;
    for (Value in : inner.inputs) inputs.push_back(signs[static_cast<std::size_t>(in.id)]);
    if (inner.is("input")) {
      signs.push_back(operands[next++]);
    } else {
      signs.push_back(inner.op->sign ? inner.op->sign(inner, inputs) : Sign::any());
    }
  }
  return signs[static_cast<std::size_t>(body.outputs()[0].value.id)];
}

}  // namespace

OpDef op_sweep() {
  OpDef op{.name = "sweep", .kind = OpKind::kControl, .min_inputs = 1, .max_inputs = 1024};
  op.attrs = {{"body", AttrType::kRegion, {}}};
  op.adapt = adapt_sweep;
  op.infer = infer_sweep;
  op.evaluate = evaluate_sweep;
  op.pull_back = pull_back_sweep;
  op.sign = sign_sweep;
  op.flops = [](const Node& node, std::span<const Type>) { return cost_of(node.attrs.region("body")).flops; };
  return op;
}

}  // namespace signxai::graph
