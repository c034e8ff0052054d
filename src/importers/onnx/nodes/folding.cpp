// Results of pointwise nodes and reductions whose inputs are numbers. Integers are divided without remainder; NaN is an
// extent that is not known yet, and what is computed from it is not known either.
#include <algorithm>
#include <cmath>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/places.h"

namespace signxai::onnx {
namespace {

/// Applies a function to elements side by side.
Constant zipped(Node& node, const Constant& a, const Constant& b, double (*function)(double, double), Element element) {
  const Shape shape = broadcast_shape(node, a.shape(), b.shape());
  const std::vector<double> left = spread(node, a, shape), right = spread(node, b, shape);
  std::vector<double> result(left.size());
  std::transform(left.begin(), left.end(), right.begin(), result.begin(), function);
  return {shape, element, std::move(result)};
}

/// A matrix, or one for each of the axes in front, each element as double.
struct Factor {
  Shape shape;
  std::vector<double> numbers;
};

Factor factor(const Constant& constant) { return {constant.shape(), constant.numbers()}; }

Factor transposed(const Factor& matrix) {
  Factor result{{matrix.shape[1], matrix.shape[0]}, std::vector<double>(matrix.numbers.size())};
  for_each_place(matrix.shape, [&](const Shape& at, std::size_t flat) {
    result.numbers[place_in(result.shape, {at[1], at[0]})] = matrix.numbers[flat];
  });
  return result;
}

/// a b, its axes in front broadcast.
Factor matrix_product(Node& node, const Factor& a, const Factor& b) {
  const std::size_t rows = a.shape.size() - 2, columns = b.shape.size() - 1;
  const std::int64_t inner = a.shape.back();
  if (b.shape[columns - 1] != inner) {
    node.corrupt("multiplies matrices that do not fit, " + signxai::to_string(a.shape) + " and " +
                 signxai::to_string(b.shape));
  }
  Factor result;
  result.shape = broadcast_shape(node, {a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2});
  result.shape.push_back(a.shape[rows]);
  result.shape.push_back(b.shape[columns]);
  Shape work = result.shape;
  work.push_back(inner);
  check_size(node, work);
  result.numbers.resize(static_cast<std::size_t>(element_count(result.shape)));
  for_each_place(result.shape, [&](const Shape& at, std::size_t flat) {
    Shape left = at, right = at;
    double& sum = result.numbers[flat];
    for (std::int64_t k = 0; k < inner; ++k) {
      left.back() = right[right.size() - 2] = k;
      sum += a.numbers[place_in(a.shape, left)] * b.numbers[place_in(b.shape, right)];
    }
  });
  return result;
}

Constant reduced(Node& node, double (*function)(double, double), double start) {
  const Constant& x = node.known(0);
  graph::Ints axes = node.integers("axes", 1).value_or(graph::Ints{});
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return x;
  std::vector<bool> summed(x.shape().size(), axes.empty());
  for (const std::int64_t axis : axes) summed[static_cast<std::size_t>(node.axis(axis, x.shape().size()))] = true;
  Shape kept = x.shape(), left;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!summed[i]) left.push_back(kept[i]);
    if (summed[i]) kept[i] = 1;
  }
  const std::vector<double> numbers = x.numbers();
  std::vector<double> result(static_cast<std::size_t>(element_count(kept)), start);
  for_each_place(x.shape(), [&](const Shape& at, std::size_t flat) {
    double& sum = result[place_in(kept, at)];
    sum = function(sum, numbers[flat]);
  });
  return {node.integer("keepdims", 1) != 0 ? kept : left, x.element(), std::move(result)};
}

double quotient(double a, double b) { return std::trunc(a / b); }
double ratio(double a, double b) { return a / b; }

}  // namespace

void fold_binary(Node& node, double (*function)(double, double), Element result) {
  Constant folded = node.known(0);
  if (node.inputs() < 2) return node.give(0, folded);
  const Element element = result == Element::kFloat ? folded.element() : result;
  for (std::size_t i = 1; i < node.inputs(); ++i) folded = zipped(node, folded, node.known(i), function, element);
  node.give(0, folded);
}

void fold_unary(Node& node, double (*function)(double)) {
  const Constant& x = node.known(0);
  std::vector<double> numbers = x.numbers();
  std::transform(numbers.begin(), numbers.end(), numbers.begin(), function);
  node.give(0, Constant(x.shape(), x.element(), std::move(numbers)));
}

void fold_div(Node& node) {
  const Constant &a = node.known(0), &b = node.known(1);
  if (a.element() != Element::kInteger) return node.give(0, zipped(node, a, b, ratio, Element::kFloat));
  const std::vector<double> divisors = b.numbers();
  if (std::count(divisors.begin(), divisors.end(), 0.0) > 0) node.corrupt("divides by 0");
  node.give(0, zipped(node, a, b, quotient, Element::kInteger));
}

void fold_reduction(Node& node, double (*function)(double, double), double start) {
  node.give(0, reduced(node, function, start));
}

void fold_mean(Node& node) {
  const Constant sums = reduced(
      node, [](double a, double b) { return a + b; }, 0);
  const double count = static_cast<double>(node.known(0).size()) / static_cast<double>(sums.size());
  std::vector<double> numbers = sums.numbers();
  for (double& value : numbers) value /= count;
  node.give(0, Constant(sums.shape(), sums.element(), std::move(numbers)));
}

void fold_matmul(Node& node) {
  Factor a = factor(node.known(0)), b = factor(node.known(1));
  if (a.shape.size() < 2 || b.shape.size() < 2) node.refuse("multiplies vectors; supported are matrices");
  Factor product = matrix_product(node, a, b);
  node.give(0, Constant(product.shape, node.known(0).element(), std::move(product.numbers)));
}

void fold_gemm(Node& node) {
  Factor a = factor(node.known(0)), b = factor(node.known(1));
  if (a.shape.size() != 2 || b.shape.size() != 2) node.corrupt("multiplies what are not matrices");
  if (node.integer("transA", 0) != 0) a = transposed(a);
  if (node.integer("transB", 0) != 0) b = transposed(b);
  Factor product = matrix_product(node, a, b);
  std::vector<double> added(product.numbers.size());
  if (node.has(2)) added = spread(node, node.known(2), product.shape);
  const double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  for (std::size_t i = 0; i < added.size(); ++i) added[i] = alpha * product.numbers[i] + beta * added[i];
  node.give(0, Constant(product.shape, node.known(0).element(), std::move(added)));
}

void fold_where(Node& node) {
  const Constant &condition = node.known(0), &yes = node.known(1), &no = node.known(2);
  const Shape shape = broadcast_shape(node, broadcast_shape(node, condition.shape(), yes.shape()), no.shape());
  const std::vector<double> chooses = spread(node, condition, shape), right = spread(node, no, shape);
  std::vector<double> result = spread(node, yes, shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (chooses[i] == 0) result[i] = right[i];
  }
  node.give(0, Constant(shape, yes.element(), std::move(result)));
}

}  // namespace signxai::onnx
