// Gemm, MatMul and Einsum. A product with a matrix of the file is a Dense layer, with the bias that is added behind it.
#include <algorithm>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/recover.h"

namespace signxai::onnx {
namespace {

using graph::Literal;

/// scale W, transposed where that is so, as the kernel [inputs, units].
Literal kernel_of(const Constant& weights, bool transposed, double scale) {
  const Literal from = weights.literal("kernel");
  const std::int64_t rows = weights.shape()[0], columns = weights.shape()[1];
  if (!transposed && scale == 1) return from;
  std::vector<float> numbers(static_cast<std::size_t>(weights.size()));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const float value = static_cast<float>(scale * static_cast<double>(from.data()[r * columns + c]));
      numbers[static_cast<std::size_t>(transposed ? c * rows + r : r * columns + c)] = value;
    }
  }
  return {transposed ? Shape{columns, rows} : weights.shape(), std::move(numbers), "kernel"};
}

void check_matrix(Node& node, const Constant& weights) {
  if (weights.shape().size() == 2 && weights.size() > 0) return;
  node.corrupt("has weights " + signxai::to_string(weights.shape()) + "; expected a matrix");
}

void give_dense(Node& node, const Tensor& x, Frame frame, const Literal& kernel, const std::optional<Literal>& bias,
                const onnx_messages::Node* adder) {
  std::vector<Literal> weights{kernel};
  if (bias) weights.push_back(*bias);
  const Json config{{"units", kernel.shape()[1]}, {"use_bias", bias.has_value()}};
  const TensorRef made = node.layer("Dense", config, {node.in_frame(x, frame)}, std::move(weights));
  if (!adder) return node.give(0, made, frame);
  node.translator().skip(*adder);
  Node behind(node.translator(), *adder);
  behind.give(0, made, frame);
}

/// beta C as a bias of so many units, if it is one.
std::optional<Literal> gemm_bias(Node& node, std::int64_t units) {
  const Constant& c = node.known(2, "bias");
  const double beta = node.number("beta", 1);
  if (c.size() != units && !c.is_single()) {
    node.refuse("adds a tensor " + signxai::to_string(c.shape()) + " to each sample; supported is one number per unit");
  }
  std::vector<float> numbers;
  const std::vector<double> all = c.numbers();
  for (std::int64_t i = 0; i < units; ++i) {
    numbers.push_back(static_cast<float>(beta * all[c.is_single() ? 0 : static_cast<std::size_t>(i)]));
  }
  return Literal({units}, std::move(numbers), "bias");
}

/// Both operands in one frame, with as many axes.
struct Pair {
  Frame frame;
  std::vector<TensorRef> refs;
};

Pair factors_of(Node& node) {
  const Tensor &a = node.input(0), &b = node.input(1);
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  if (a.shape.size() < 2 || b.shape.size() < 2) node.refuse("multiplies vectors; supported are matrices");
  bool batch = rank > 2;
  for (const Tensor* t : {&a, &b})
    batch = batch && (t->shape.size() == rank ? t->shape.front() == 1 : t->constant.has_value());
  Pair pair{batch ? Frame::kBatch : Frame::kSample, {}};
  for (const Tensor* t : {&a, &b}) {
    Tensor wide = t->constant ? node.translator().for_each_sample(*t->constant, t == &a ? b : a, node.name())
                              : node.translator().channels_first(*t, node.name());
    wide.shape.insert(wide.shape.begin(), rank - wide.shape.size(), 1);
    pair.refs.push_back(node.in_frame(wide, batch && wide.shape.front() == 1 ? Frame::kBatch : Frame::kSample));
  }
  return pair;
}

char unused_letter(const std::string& equation) {
  for (const char c : std::string("ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba")) {
    if (equation.find(c) == std::string::npos) return c;
  }
  return 0;
}

}  // namespace

void translate_gemm(Node& node) {
  const Tensor& x = node.input(0);
  if (node.integer("transA", 0) != 0) node.refuse("transposes its input (transA), which is not supported");
  const Constant& weights = node.known(1, "weights");
  check_matrix(node, weights);
  const Literal kernel = kernel_of(weights, node.integer("transB", 0) != 0, node.number("alpha", 1));
  std::optional<Literal> bias;
  if (node.has(2)) bias = gemm_bias(node, kernel.shape()[1]);
  give_dense(node, x, Node::frame_for(x), kernel, bias, nullptr);
}

void translate_matmul(Node& node) {
  const Tensor& x = node.input(0);
  const Constant* weights = node.constant(1);
  if (weights && weights->shape().size() == 2) {
    check_matrix(node, *weights);
    const std::int64_t units = weights->shape()[1];
    const auto added = added_constant(node, x.shape.size(), x.shape.size() - 1, units);
    std::optional<Literal> bias;
    if (added) bias = added->numbers.literal("bias");
    const Frame frame = x.shape.size() > 1 ? Node::frame_for(x) : Frame::kSample;
    return give_dense(node, x, frame, kernel_of(*weights, false, 1), bias, added ? added->node : nullptr);
  }
  const Pair pair = factors_of(node);
  node.give(0, node.operation("Matmul", {{"x1", nth(0)}, {"x2", nth(1)}}, pair.refs), pair.frame);
}

/// Every operand gets an axis for the samples in front.
void translate_einsum(Node& node) {
  std::string equation = node.text("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const std::size_t arrow = equation.find("->");
  if (arrow == std::string::npos)
    node.refuse("has the equation '" + equation + "' without '->', which is not supported");
  const char letter = unused_letter(equation);
  if (letter == 0 || node.inputs() > 2) node.refuse("has too many operands or letters");
  std::string extended(1, letter);
  for (std::size_t i = 0; i < equation.size(); ++i) {
    extended += equation[i];
    if (equation[i] == ',' || (i > 0 && equation[i - 1] == '-')) extended += letter;
  }
  std::vector<TensorRef> refs;
  Json operands = Json::array();
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    const Tensor& given = node.input(i);
    const Tensor operand =
        given.constant ? node.translator().for_each_sample(*given.constant, node.input(1 - i), node.name()) : given;
    operands.push_back(nth(refs.size()));
    refs.push_back(node.in_frame(operand, Frame::kSample));
  }
  node.give(0, node.operation("Einsum", {{"subscripts", extended}, {"operands", operands}}, refs), Frame::kSample);
}

}  // namespace signxai::onnx
