// scan: runs a region once per step of axis 1 of its sequences, handing carries from step to step; and get, which takes
// one member of the tuple that a scan yields. With reverse=1 the last step runs first; yields keep their step's place.
#include "graph/ops/scan.h"

#include <algorithm>

#include "graph/cost.h"
#include "graph/interpret.h"

namespace signxai::graph {
namespace {

constexpr std::size_t kStepAxis = 1;

std::size_t count(const Attrs& attrs, const char* name) {
  const std::int64_t value = attrs.integer(name);
  if (value < 0) refuse_op("scan", "attribute '" + std::string(name) + "' must not be negative");
  return static_cast<std::size_t>(value);
}

bool compatible(const Shape& a, const Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](auto m, auto n) { return m == n || m == kOpen || n == kOpen; });
}

Shape without_steps(const Shape& sequence) {
  Shape step = sequence;
  step.erase(step.begin() + kStepAxis);
  return step;
}

Shape with_steps(const Shape& step, std::int64_t steps) {
  Shape sequence = step;
  sequence.insert(sequence.begin() + kStepAxis, steps);
  return sequence;
}

/// Checks the operands that the layout promises; gives the number of steps (kOpen if no sequence tells).
std::int64_t check_operands(const Attrs& attrs, std::span<const Type> inputs) {
  const std::size_t carries = count(attrs, "carries"), sequences = count(attrs, "sequences");
  if (sequences == 0) refuse_op("scan", "needs at least one sequence");
  if (carries + sequences > inputs.size()) {
    refuse_op("scan", "got " + std::to_string(inputs.size()) + " operands, expected " + std::to_string(carries) +
                          " carries and " + std::to_string(sequences) + " sequences");
  }
  std::int64_t steps = kOpen;
  for (const Type& type : inputs.subspan(carries, sequences)) {
    if (type.is_tuple() || type.rank() <= kStepAxis) {
      refuse_op("scan", "a sequence needs a step axis 1; got " + to_string(type));
    }
    const std::int64_t own = type.shape[kStepAxis];
    if (own != kOpen && steps != kOpen && own != steps) {
      refuse_op("scan", "sequences of " + std::to_string(steps) + " and " + std::to_string(own) + " steps");
    }
    steps = own == kOpen ? steps : own;
  }
  return steps;
}

Attrs adapt_scan(const InferArgs& a) {
  check_operands(a.attrs, a.inputs);
  const std::size_t carries = count(a.attrs, "carries"), sequences = count(a.attrs, "sequences");
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < a.inputs.size(); ++i) {
    const Shape& whole = a.inputs[i].shape;
    shapes.push_back(i >= carries && i < carries + sequences ? without_steps(whole) : whole);
  }
  Attrs attrs = a.attrs;
  attrs.set("body", fit_region("scan", std::get<Region>(a.attrs.entries().at("body")), shapes));
  return attrs;
}

Type infer_scan(const InferArgs& a) {
  const std::int64_t steps = check_operands(a.attrs, a.inputs);
  const std::size_t carries = count(a.attrs, "carries");
  const Graph& body = a.attrs.region("body");
  if (body.outputs().empty() || body.outputs().size() < carries) {
    refuse_op("scan", "the region has " + std::to_string(body.outputs().size()) + " outputs for " +
                          std::to_string(carries) + " carries");
  }
  Type result;
  for (std::size_t i = 0; i < body.outputs().size(); ++i) {
    const Type& type = body.type(body.outputs()[i].value);
    const bool carry = i < carries;
    if (carry && !compatible(type.shape, a.inputs[i].shape)) {
      refuse_op("scan", "carry " + std::to_string(i) + " is " + to_string(a.inputs[i]) + " before a step and " +
                            to_string(type) + " after it");
    }
    if (type.is_tuple() || (!carry && type.rank() < kStepAxis)) {
      refuse_op("scan", "a step cannot yield " + to_string(type));
    }
    result.elements.push_back(carry ? a.inputs[i] : Type(with_steps(type.shape, steps)));
  }
  return result;
}

/// Step `t` of a [N, T, ...] array is a block of `inner` numbers per index of axis 0.
struct Step {
  Step(const Shape& sequence, std::int64_t t)
      : outer(sequence[0]),
        inner(element_count({sequence.begin() + kStepAxis + 1, sequence.end()})),
        stride(sequence[kStepAxis] * inner),
        offset(t * inner) {}
  std::int64_t outer, inner, stride, offset;
};

Array take_step(const Array& sequence, std::int64_t t) {
  Array step(without_steps(sequence.shape));
  const Step at(sequence.shape, t);
  for (std::int64_t n = 0; n < at.outer; ++n) {
    std::copy_n(sequence.data.begin() + n * at.stride + at.offset, at.inner, step.data.begin() + n * at.inner);
  }
  return step;
}

void put_step(Array& sequence, const Array& step, std::int64_t t) {
  const Step at(sequence.shape, t);
  for (std::int64_t n = 0; n < at.outer; ++n) {
    std::copy_n(step.data.begin() + n * at.inner, at.inner, sequence.data.begin() + n * at.stride + at.offset);
  }
}

Array evaluate_scan(const Node& node, std::span<const Array* const> inputs) {
  const ScanLayout scan(node);
  Array result;
  for (const Type& type : node.type.elements) result.elements.emplace_back(type.shape);
  for (std::size_t i = 0; i < scan.carries; ++i) result.elements[i] = *inputs[i];
  const std::int64_t steps = inputs[scan.carries]->shape[kStepAxis];
  std::vector<Array> slices(scan.sequences);
  std::vector<const Array*> operands(inputs.begin(), inputs.end());
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = scan.reverse ? steps - 1 - i : i;
    for (std::size_t c = 0; c < scan.carries; ++c) operands[c] = &result.elements[c];
    for (std::size_t s = 0; s < scan.sequences; ++s) {
      slices[s] = take_step(*inputs[scan.carries + s], t);
      operands[scan.carries + s] = &slices[s];
    }
    std::vector<Array> outputs = interpret(scan.body, operands);
    for (std::size_t c = 0; c < scan.carries; ++c) result.elements[c] = std::move(outputs[c]);
    for (std::size_t y = scan.carries; y < outputs.size(); ++y) put_step(result.elements[y], outputs[y], t);
  }
  return result;
}

double scan_flops(const Node& node, std::span<const Type> inputs) {
  return static_cast<double>(check_operands(node.attrs, inputs)) * cost_of(node.attrs.region("body")).flops;
}

}  // namespace

ScanLayout::ScanLayout(const Node& node) : ScanLayout(node.attrs, node.inputs.size()) {}

ScanLayout::ScanLayout(const Attrs& attrs, std::size_t operands)
    : carries(count(attrs, "carries")),
      sequences(count(attrs, "sequences")),
      captures(operands - carries - sequences),
      yields(attrs.region("body").outputs().size() - carries),
      reverse(attrs.integer("reverse") != 0),
      body(attrs.region("body")) {}

OpDef op_scan() {
  OpDef op{.name = "scan", .kind = OpKind::kControl, .min_inputs = 1, .max_inputs = 1024};
  op.attrs = {{"body", AttrType::kRegion, {}},
              {"carries", AttrType::kInteger, {}},
              {"reverse", AttrType::kInteger, std::int64_t{0}},
              {"sequences", AttrType::kInteger, {}}};
  op.adapt = adapt_scan;
  op.infer = infer_scan;
  op.evaluate = evaluate_scan;
  op.pull_back = pull_back_scan;
  op.flops = scan_flops;
  return op;
}

OpDef op_get() {
  OpDef op{.name = "get", .kind = OpKind::kControl};
  op.attrs = {{"index", AttrType::kInteger, {}}};
  op.infer = [](const InferArgs& a) {
    const auto& members = a.inputs[0].elements;
    const std::int64_t index = a.attrs.integer("index");
    if (index < 0 || index >= static_cast<std::int64_t>(members.size())) {
      refuse_op("get", "member " + std::to_string(index) + " of " + to_string(a.inputs[0]));
    }
    return members[static_cast<std::size_t>(index)];
  };
  op.evaluate = [](const Node& node, std::span<const Array* const> inputs) {
    return inputs[0]->elements[static_cast<std::size_t>(node.attrs.integer("index"))];
  };
  return op;  // no pull-back here: graph::pull_back hands the cotangent of a member to the tuple's own node
}

}  // namespace signxai::graph
