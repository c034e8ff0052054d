// sweep(v...){body}: a fused chain of pointwise operations, run element by element in one pass over memory. Region
// input i is operand i, as it is; it may be seen through views. The one region output has the broadcast shape of all
// that is read. Made by the fusion pass.
#include <algorithm>

#include "graph/cost.h"
#include "graph/interpret.h"
#include "graph/ops/ops.h"
#include "graph/view.h"

namespace signxai::graph {
namespace {

Attrs adapt_sweep(const InferArgs& a) {
  std::vector<Shape> shapes;
  for (const Type& type : a.inputs) shapes.push_back(type.shape);
  Attrs attrs = a.attrs;
  attrs.set("body", fit_region("sweep", std::get<Region>(a.attrs.entries().at("body")), shapes));
  return attrs;
}

/// Operands and views of them, but for what only other views show.
std::vector<Value> values_read(const Graph& body) {
  const std::vector<int> uses = body.use_counts();
  std::vector<int> shown(uses.size(), 0);
  for (std::int32_t i = 0; i < body.size(); ++i) {
    if (!is_view(body, Value{i})) continue;
    for (const Value input : body[Value{i}].inputs) ++shown[static_cast<std::size_t>(input.id)];
  }
  std::vector<Value> values;
  for (std::int32_t i = 0; i < body.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool operand = body[Value{i}].is("input") || is_view(body, Value{i});
    if (operand && (shown[at] == 0 || shown[at] < uses[at])) values.push_back(Value{i});
  }
  return values;
}

bool may_be_inside(const Graph& body, Value value) {
  const Node& node = body[value];
  if (node.op->kind == OpKind::kPointwise || node.op->kind == OpKind::kLeaf) return true;
  return is_view(body, value) && std::all_of(node.inputs.begin(), node.inputs.end(),
                                             [&](Value input) { return body[input].op->kind != OpKind::kPointwise; });
}

Type infer_sweep(const InferArgs& a) {
  const Graph& body = a.attrs.region("body");
  if (body.outputs().size() != 1) refuse_op("sweep", "the region needs exactly one output");
  for (std::int32_t i = 0; i < body.size(); ++i) {
    if (may_be_inside(body, Value{i})) continue;
    refuse_op("sweep", "the region holds '" + body[Value{i}].op->name +
                           "', which is neither pointwise nor a view of an operand along its last axis");
  }
  Shape full;
  for (const Value value : values_read(body)) full = broadcast_shapes("sweep", full, body.type(value).shape);
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

double reads_of_sweep(const Node& node, std::span<const Type>) {
  const Graph& body = node.attrs.region("body");
  double elements = 0;
  for (const Value value : values_read(body)) elements += static_cast<double>(element_count(body.type(value).shape));
  return elements;
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
  op.reads = reads_of_sweep;
  return op;
}

}  // namespace signxai::graph
