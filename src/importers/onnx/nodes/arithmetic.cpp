// Pointwise operations on one or more tensors and numbers.
#include "importers/onnx/nodes/aligned.h"
#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

std::vector<Tensor> operands_of(Node& node) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < node.inputs(); ++i) tensors.push_back(node.input(i));
  return tensors;
}

/// Whether the layer that a call is at first has a computed tensor left of the constant.
TensorRef combined(Node& node, Aligned& aligned, const char* operation, const std::string& suffix = {}) {
  Json left = aligned.operands.at(0);
  TensorRef made{};
  for (std::size_t i = 1; i < aligned.operands.size(); ++i) {
    // A call has the tensors that it takes and no others.
    std::vector<TensorRef> inputs;
    const auto taken = [&](const Json& operand) {
      if (!operand.is_object()) return operand;
      inputs.push_back(aligned.inputs[operand["tensor"].get<std::size_t>()]);
      return nth(inputs.size() - 1);
    };
    const Json x1 = taken(left), x2 = taken(aligned.operands[i]);
    made = node.operation(operation, {{"x1", x1}, {"x2", x2}}, inputs, suffix);
    left = aligned.with(made);
  }
  return made;
}

/// Numbers first, so that the result has the samples.
void computed_first(std::vector<Tensor>& tensors) {
  for (Tensor& t : tensors) {
    if (!t.constant) return std::swap(t, tensors.front());
  }
}

}  // namespace

void translate_pair(Node& node, const char* operation) {
  if (node.inputs() != 2) node.corrupt("has " + std::to_string(node.inputs()) + " inputs; expected 2");
  Aligned aligned = align(node, operands_of(node));
  give_aligned(node, aligned, combined(node, aligned, operation));
}

void translate_many(Node& node, const char* operation) {
  std::vector<Tensor> tensors = operands_of(node);
  if (tensors.size() == 1) return node.give(0, tensors.front());
  computed_first(tensors);
  Aligned aligned = align(node, tensors);
  give_aligned(node, aligned, combined(node, aligned, operation));
}

void translate_single(Node& node, const char* operation) {
  const Tensor& x = node.input(0);
  node.give(0, node.like(x, node.operation(operation, {{"x", nth(0)}}, {x.ref})));
}

void translate_div(Node& node) {
  if (node.input(0).element == Element::kInteger && node.input(1).element == Element::kInteger) {
    node.refuse("divides computed integers, which is not supported");
  }
  translate_pair(node, "Divide");
}

void translate_mean(Node& node) {
  std::vector<Tensor> tensors = operands_of(node);
  if (tensors.size() == 1) return node.give(0, tensors.front());
  computed_first(tensors);
  Aligned aligned = align(node, tensors);
  const TensorRef sum = combined(node, aligned, "Add", "/sum");
  const Json options{{"x1", nth(0)}, {"x2", 1.0 / static_cast<double>(tensors.size())}};
  give_aligned(node, aligned, node.operation("Multiply", options, {sum}));
}

void translate_pow(Node& node) { translate_pair(node, "Power"); }

void translate_where(Node& node) {
  const Aligned aligned = align(node, operands_of(node));
  if (aligned.operands.size() != 3)
    node.corrupt("has " + std::to_string(aligned.operands.size()) + " inputs; expected 3");
  const Json options{{"condition", aligned.operands[0]}, {"x1", aligned.operands[1]}, {"x2", aligned.operands[2]}};
  give_aligned(node, aligned, node.operation("Where", options, aligned.inputs));
}

void translate_xor(Node& node) { translate_pair(node, "NotEqual"); }

}  // namespace signxai::onnx
