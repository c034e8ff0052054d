// Results of pointwise nodes and reductions whose inputs are numbers. Integers are divided without remainder; NaN is an
// extent that is not known yet, and what is computed from it is not known either.
#include <algorithm>
#include <cmath>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/places.h"

namespace signxai::onnx {
namespace {

const Constant& number(Node& node, std::size_t i) { return node.known(i, "input"); }

/// Applies a function to elements side by side.
Constant zipped(Node& node, const Constant& a, const Constant& b, double (*function)(double, double), Element element) {
  const Shape shape = broadcast_shape(node, a.shape(), b.shape());
  const std::vector<double> left = spread(node, a, shape), right = spread(node, b, shape);
  std::vector<double> result(left.size());
  std::transform(left.begin(), left.end(), right.begin(), result.begin(), function);
  return {shape, element, std::move(result)};
}

double quotient(double a, double b) { return std::trunc(a / b); }
double ratio(double a, double b) { return a / b; }

}  // namespace

void fold_binary(Node& node, double (*function)(double, double), Element result) {
  Constant folded = number(node, 0);
  if (node.inputs() < 2) return node.give(0, folded);
  const Element element = result == Element::kFloat ? folded.element() : result;
  for (std::size_t i = 1; i < node.inputs(); ++i) folded = zipped(node, folded, number(node, i), function, element);
  node.give(0, folded);
}

void fold_unary(Node& node, double (*function)(double)) {
  const Constant& x = number(node, 0);
  std::vector<double> numbers = x.numbers();
  std::transform(numbers.begin(), numbers.end(), numbers.begin(), function);
  node.give(0, Constant(x.shape(), x.element(), std::move(numbers)));
}

void fold_div(Node& node) {
  const Constant &a = number(node, 0), &b = number(node, 1);
  if (a.element() != Element::kInteger) return node.give(0, zipped(node, a, b, ratio, Element::kFloat));
  const std::vector<double> divisors = b.numbers();
  if (std::count(divisors.begin(), divisors.end(), 0.0) > 0) node.corrupt("divides by 0");
  node.give(0, zipped(node, a, b, quotient, Element::kInteger));
}

void fold_reduction(Node& node, double (*function)(double, double), double start) {
  const Constant& x = number(node, 0);
  graph::Ints axes = node.integers("axes", 1).value_or(graph::Ints{});
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return node.give(0, x);
  std::vector<bool> reduced(x.shape().size(), axes.empty());
  for (const std::int64_t axis : axes) reduced[static_cast<std::size_t>(node.axis(axis, x.shape().size()))] = true;
  Shape kept = x.shape(), left;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!reduced[i]) left.push_back(kept[i]);
    if (reduced[i]) kept[i] = 1;
  }
  const std::vector<double> numbers = x.numbers();
  std::vector<double> result(static_cast<std::size_t>(element_count(kept)), start);
  for_each_place(x.shape(), [&](const Shape& at, std::size_t flat) {
    double& sum = result[place_in(kept, at)];
    sum = function(sum, numbers[flat]);
  });
  node.give(0, Constant(node.integer("keepdims", 1) != 0 ? kept : left, x.element(), std::move(result)));
}

void fold_where(Node& node) {
  const Constant &condition = number(node, 0), &yes = number(node, 1), &no = number(node, 2);
  const Shape shape = broadcast_shape(node, broadcast_shape(node, condition.shape(), yes.shape()), no.shape());
  const std::vector<double> chooses = spread(node, condition, shape), right = spread(node, no, shape);
  std::vector<double> result = spread(node, yes, shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (chooses[i] == 0) result[i] = right[i];
  }
  node.give(0, Constant(shape, yes.element(), std::move(result)));
}

}  // namespace signxai::onnx
