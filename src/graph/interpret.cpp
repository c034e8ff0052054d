// The node-by-node interpreter.
#include "graph/interpret.h"

#include "signxai/error.h"

namespace signxai::graph {
namespace {

std::size_t at(Value value) { return static_cast<std::size_t>(value.id); }

/// Values during a run: inputs are borrowed, results are owned until nobody needs them any more.
class Slots {
 public:
  Slots(const Graph& graph, std::span<const Array* const> inputs)
      : uses_(graph.use_counts()), owned_(uses_.size()), view_(uses_.size(), nullptr) {
    for (std::size_t i = 0; i < inputs.size(); ++i) view_[at(graph.inputs()[i])] = inputs[i];
  }

  const Array* operator[](Value value) const { return view_[at(value)]; }

  void put(Value value, Array array) {
    owned_[at(value)] = std::move(array);
    view_[at(value)] = &owned_[at(value)];
  }

  /// Gives back one of the value's uses.
  void release(Value value) {
    if (--uses_[at(value)] == 0) owned_[at(value)] = Array();
  }

  /// The array itself where this is its last use, a copy otherwise.
  Array take(Value value) {
    const bool is_owned = view_[at(value)] == &owned_[at(value)];
    if (--uses_[at(value)] == 0 && is_owned) return std::move(owned_[at(value)]);
    return *view_[at(value)];
  }

 private:
  std::vector<int> uses_;
  std::vector<Array> owned_;
  std::vector<const Array*> view_;
};

Array run(const Node& node, const Slots& slots) {
  std::vector<const Array*> operands;
  for (Value input : node.inputs) operands.push_back(slots[input]);
  return node.op->evaluate(node, operands);
}

}  // namespace

std::vector<Array> interpret(const Graph& graph, std::span<const Array* const> inputs) {
  if (inputs.size() != graph.inputs().size()) {
    throw Error(ErrorCode::kInvalidArgument, "reference", "",
                "got " + std::to_string(inputs.size()) + " inputs, expected " + std::to_string(graph.inputs().size()));
  }
  const auto uses = graph.use_counts();
  Slots slots(graph, inputs);
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    const Node& node = graph[Value{i}];
    if (node.is("input") || uses[static_cast<std::size_t>(i)] == 0) continue;
    slots.put(Value{i}, run(node, slots));
    for (Value input : node.inputs) slots.release(input);
  }
  std::vector<Array> results;
  for (const Output& output : graph.outputs()) results.push_back(slots.take(output.value));
  return results;
}

}  // namespace signxai::graph
