// Lowering of a recurrent layer. What needs no state is computed of all steps at once, before the scan.
#include "importers/layers/recurrent/recurrence.h"

#include <algorithm>

#include "graph/ops/slicing.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

Value first_step(Builder& b, Value sequence) {
  const std::size_t rank = b.shape(sequence).size();
  Ints end(rank, graph::kToEnd);
  end[1] = 1;
  const Value step = b.make("slice", {sequence}, {{"begin", Ints(rank, 0)}, {"end", end}});
  return b.reduce("reduce_sum", step, {1}, false);
}

/// Zeros for any batch: no number exceeds itself.
Values zero_states(Builder& b, const Cell& cell, Value x, Value sequence) {
  Values states;
  const Value first = first_step(b, cell.spatial ? sequence : take_last(b, x, 0, 1));
  const Value step = cell.spatial && !cell.project_all ? cell.project(b, first) : first;
  for (const std::int64_t width : cell.widths) {
    const Value part = take_last(b, step, 0, cell.spatial ? width : 1);
    const Value zeros = b.make("greater", {part, part});
    states.push_back(cell.spatial ? zeros : b.broadcast(zeros, {0, width}));
  }
  return states;
}

Shape without_steps(Shape shape) {
  shape.erase(shape.begin() + 1);
  return shape;
}

/// [N, T] as [N, T, 1, ...], which broadcasts against what a step makes.
Value aligned_mask(LayerContext& context, Value mask, std::size_t rank) {
  if (context.shape(mask).size() != 2) {
    context.refuse("has a mask of shape " + signxai::to_string(context.shape(mask)) +
                   "; supported are masks [batch, steps]");
  }
  Shape shape(rank, 1);
  shape[0] = shape[1] = 0;
  return context.builder().reshape(mask, shape);
}

/// Region inputs: the states, the output so far (with a mask), then per step what was projected, and the mask.
graph::Region make_step(const Builder& b, const Cell& cell, const Values& operands, const Course& course) {
  Builder body;
  const auto input = [&](const std::string& name, Shape shape) { return body.input(name, std::move(shape)); };
  Values states;
  for (std::size_t i = 0; i < cell.widths.size(); ++i) {
    states.push_back(input("state" + std::to_string(i), b.shape(operands[i])));
  }
  std::size_t next = states.size();
  const Value before = course.mask ? input("output", b.shape(operands[next++])) : Value{};
  const Value given = input("step", without_steps(b.shape(operands[next++])));
  const Value mask = course.mask ? input("mask", without_steps(b.shape(operands[next]))) : Value{};
  Values made = cell.step(body, cell.project_all ? given : cell.project(body, given), states);
  Value output = made[cell.output];
  if (mask) {
    output = body.select(mask, output, course.zero_masked.value_or(false) ? body.constant(0.0) : before);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = body.select(mask, made[i], states[i]);
  }
  for (std::size_t i = 0; i < made.size(); ++i) body.output("state" + std::to_string(i), made[i]);
  if (mask) body.output("output", output);
  if (course.every_step) body.output("step", output);
  return std::make_shared<const graph::Graph>(body.take());
}

}  // namespace

Outcome run_cell(LayerContext& context, const Cell& cell, Value x, const Course& course) {
  Builder& b = context.builder();
  const Value sequence = cell.project_all ? cell.project_all(b, x) : x;
  Values operands = course.initial;
  const Values zeros = zero_states(b, cell, x, sequence);
  if (operands.empty()) operands = zeros;
  if (operands.size() != cell.widths.size()) {
    context.corrupt("got " + std::to_string(operands.size()) + " initial states, expected " +
                    std::to_string(cell.widths.size()));
  }
  if (course.mask) operands.push_back(zeros[cell.output]);
  const std::size_t carries = operands.size();
  operands.push_back(sequence);
  if (course.mask) operands.push_back(aligned_mask(context, course.mask, context.shape(sequence).size()));
  const Value tuple = b.make("scan", operands,
                             {{"body", make_step(b, cell, operands, course)},
                              {"carries", static_cast<std::int64_t>(carries)},
                              {"sequences", std::int64_t{course.mask ? 2 : 1}},
                              {"reverse", std::int64_t{course.backwards}}});
  const auto member = [&](std::size_t i) { return b.make("get", {tuple}, {{"index", static_cast<std::int64_t>(i)}}); };
  Outcome outcome;
  for (std::size_t i = 0; i < cell.widths.size(); ++i) outcome.states.push_back(member(i));
  outcome.last = course.mask ? member(carries - 1) : outcome.states[cell.output];
  if (course.every_step) outcome.sequence = member(carries);
  return outcome;
}

Value reverse_steps(Builder& b, Value sequence) { return b.make("reverse", {sequence}, {{"axis", std::int64_t{1}}}); }

}  // namespace signxai::keras
