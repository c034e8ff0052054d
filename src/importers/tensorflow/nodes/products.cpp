// Matrix products with a kernel are Dense layers, on the last axis of tensors of any rank; sums of products along named
// axes are EinsumDense layers.
#include <algorithm>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Literal;
using keras::Json;

Literal transposed(const Literal& matrix) {
  const std::int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  std::vector<float> values(static_cast<std::size_t>(matrix.size()));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j)
      values[static_cast<std::size_t>(j * rows + i)] = matrix.data()[i * columns + j];
  }
  return {{columns, rows}, std::move(values), matrix.name()};
}

Value dense(Node& node, const Value& x, Literal kernel) {
  const std::int64_t units = kernel.shape()[1];
  Value base = x;
  base.merged = false;
  if (x.merged) base.shape = x.base;
  Shape shape = base.shape;
  if (shape.empty()) node.refuse("multiplies a scalar");
  if (shape.back() >= 0 && shape.back() != kernel.shape()[0])
    node.refuse("does not fit its input " + signxai::to_string(shape));
  shape.back() = units;
  Value made = node.kernel("Dense", {{"units", units}}, base, {std::move(kernel)}, shape);
  made.merged = x.merged;
  if (x.merged) made.base = shape, made.shape = {-1, units};
  return made;
}

}  // namespace

std::vector<Value> node_matmul(Node& node) {
  const Value &x = node.operand(0), &y = node.operand(1);
  if (!x.is_tensor() || node.flag("transpose_a"))
    node.refuse("multiplies samples with one another; samples are explained one by one");
  const Literal& kernel = node.numbers(1, "a kernel");
  if (kernel.shape().size() != 2 || y.rank() != 2)
    node.refuse("has a kernel of the shape " + signxai::to_string(kernel.shape()));
  return {dense(node, x, node.flag("transpose_b") ? transposed(kernel) : kernel)};
}

std::vector<Value> node_batch_matmul(Node& node) {
  const Value &x = node.operand(0), &y = node.operand(1);
  const bool first = node.flag("adj_x"), second = node.flag("adj_y");
  if (x.is_tensor() && y.numbers && y.rank() == 2 && !first)
    return {dense(node, x, second ? transposed(*y.numbers) : *y.numbers)};
  return {node.operation(
      "Matmul", {{"x1", {{"tensor", 0}}}, {"x2", {{"tensor", 1}}}, {"transpose_a", first}, {"transpose_b", second}},
      {x, y})};
}

std::optional<Value> biased(Node& node, std::size_t of, std::size_t by) {
  const Value &x = node.operand(of), &bias = node.operand(by);
  if (!x.draft || !bias.numbers || x.draft->biased || !node.only_use(of)) return std::nullopt;
  keras::NodeCall& call = x.draft->call;
  const Shape& shape = bias.numbers->shape();
  Value made = x;
  if (call.class_name == "EinsumDense") {
    if (x.shape.size() < shape.size() || shape.empty()) return std::nullopt;
    const std::string equation = call.config["equation"];
    const std::string out = equation.substr(equation.find('>') + 1);
    if (out.size() < shape.size() || !std::equal(shape.rbegin(), shape.rend(), x.shape.rbegin())) return std::nullopt;
    call.config["bias_axes"] = out.substr(out.size() - shape.size());
    call.weights.push_back(*bias.numbers);
  } else {
    const bool last = call.config.value("data_format", "channels_last") != "channels_first" || node.op() == "BiasAdd";
    const bool vector = !shape.empty() && shape.back() == bias.numbers->size() && last;
    const Shape& result = x.in_other_form() ? x.base : x.shape;
    const std::size_t channel =
        call.config.value("data_format", "channels_last") == "channels_first" ? 1 : result.size() - 1;
    if (!vector || result.empty() || result[channel] != bias.numbers->size()) return std::nullopt;
    call.weights.push_back({{bias.numbers->size()}, bias.numbers->storage(), bias.numbers->name()});
    call.config["use_bias"] = true;
  }
  x.draft->biased = true;
  return made;
}

std::vector<Value> node_bias_add(Node& node) {
  if (auto made = biased(node, 0, 1)) return {*made};
  const Value& x = node.operand(0);
  Literal bias = node.numbers(1, "a bias");
  if (node.text("data_format", "NHWC").starts_with("NC")) {
    Shape shape = bias.shape();
    shape.resize(x.shape.size() - 1, 1);
    bias = {shape, bias.storage(), bias.name()};
  }
  return {node.operation("Add", {{"x1", {{"tensor", 0}}}, {"x2", {{"tensor", 1}}}}, {x, Node::constant(bias, false)})};
}

std::vector<Value> node_einsum(Node& node) {
  const std::string equation = node.text("equation", "");
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < node.count(); ++i) inputs.push_back(node.operand(i));
  const auto shape = node.shape();
  const bool kernel = inputs.size() == 2 && inputs[0].is_tensor() && inputs[1].numbers && shape &&
                      equation.find("...") == std::string::npos;
  if (kernel && equation.substr(equation.find('>') + 1).substr(0, 1) == equation.substr(0, 1)) {
    Json output = Json::array();
    for (std::size_t i = 1; i < shape->size(); ++i) output.push_back((*shape)[i] < 0 ? Json() : Json((*shape)[i]));
    Value made = node.kernel("EinsumDense", {{"equation", equation}, {"output_shape", output}}, inputs[0],
                             {*inputs[1].numbers}, *shape);
    made.draft->call.config.erase("use_bias");
    return {made};
  }
  Json operands = Json::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) operands.push_back({{"tensor", i}});
  return {node.operation("Einsum", {{"subscripts", equation}, {"operands", operands}}, inputs)};
}

}  // namespace signxai::tensorflow
