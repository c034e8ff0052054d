// What masks of attention are made of: running sums and bands of matrices, of numbers that are known when the model is
// loaded, and the question whether a number is finite.
#include <algorithm>
#include <cmath>
#include <limits>

#include "importers/operations/operands.h"
#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Literal;
using keras::Json;

/// A number that is to be every element of an array whose extents are not known has none of the array's places.
void require_places(const Node& node, const Literal& literal, std::size_t axes) {
  if (literal.shape().size() < axes) {
    node.refuse("works on the places of an array " + signxai::to_string(literal.shape()) +
                ", whose extents are not known when the model is loaded; try fixed extents of the inputs");
  }
}

std::int64_t bound(const Node& node, std::size_t input, std::int64_t extent) {
  const std::int64_t given = node.integer(input, "bounds");
  return given < 0 ? extent : given;
}

/// 1 where a matrix of those extents keeps its element: at most `below` rows under the diagonal, `above` over it.
std::vector<float> band(std::int64_t rows, std::int64_t columns, std::int64_t below, std::int64_t above) {
  std::vector<float> kept;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      kept.push_back(row - column <= below && column - row <= above ? 1.0f : 0.0f);
    }
  }
  return kept;
}

}  // namespace

std::vector<Value> node_running_sum(Node& node) {
  const Literal& x = node.numbers(0, "a running sum");
  require_places(node, x, 1);
  const Shape& shape = x.shape();
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t given = node.integer(1, "an axis"), at = given < 0 ? given + rank : given;
  if (at < 0 || at >= rank) node.refuse("has the axis " + std::to_string(given) + " of " + signxai::to_string(shape));
  const auto axis = static_cast<std::size_t>(at);
  const bool exclusive = node.flag("exclusive"), reverse = node.flag("reverse");
  std::int64_t stride = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) stride *= shape[i];
  const std::int64_t extent = shape[axis];
  std::vector<float> sums(static_cast<std::size_t>(x.size()));
  for (std::int64_t line = 0; extent > 0 && line < x.size() / extent; ++line) {
    const std::int64_t first = line / stride * stride * extent + line % stride;
    double sum = 0;
    for (std::int64_t i = 0; i < extent; ++i) {
      const std::int64_t place = first + (reverse ? extent - 1 - i : i) * stride;
      const double before = sum;
      sum += static_cast<double>(x.data()[place]);
      sums[static_cast<std::size_t>(place)] = static_cast<float>(exclusive ? before : sum);
    }
  }
  return {Node::constant({shape, std::move(sums)}, node.operand(0).integer)};
}

std::vector<Value> node_band(Node& node) {
  const Value& x = node.operand(0);
  if (x.numbers) require_places(node, *x.numbers, 2);
  const Shape& shape = x.numbers ? x.numbers->shape() : x.shape;
  if (shape.size() < 2) node.refuse("cuts a band out of a tensor " + signxai::to_string(shape));
  const std::int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (rows < 0 || columns < 0)
    node.refuse("cuts a band out of matrices " + signxai::to_string(shape) +
                ", whose extents are not known when the model is loaded");
  const std::vector<float> kept = band(rows, columns, bound(node, 1, rows), bound(node, 2, columns));
  if (!x.numbers) {
    std::vector<Value> inputs{Node::constant({{rows, columns}, kept}, false), x};
    return {node.operation("Where", {{"condition", {{"tensor", 0}}}, {"x1", {{"tensor", 1}}}, {"x2", 0.0}}, inputs,
                           x.shape)};
  }
  std::vector<float> values(x.numbers->data(), x.numbers->data() + x.numbers->size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kept[i % kept.size()] != 0 ? values[i] : 0;
  return {Node::constant({shape, std::move(values)}, x.integer)};
}

/// |x| <= the largest number, which what is no number is not either.
std::vector<Value> node_is_finite(Node& node) {
  const Value& x = node.operand(0);
  if (x.numbers) {
    std::vector<float> values(x.numbers->data(), x.numbers->data() + x.numbers->size());
    if (std::any_of(values.begin(), values.end(), keras::is_open_extent))
      node.refuse("asks about an extent that is not known when the model is loaded");
    for (float& value : values) value = std::isfinite(value) ? 1.0f : 0.0f;
    return {Node::constant({x.numbers->shape(), std::move(values)}, false)};
  }
  const Value size = node.operation("Absolute", {{"x", {{"tensor", 0}}}}, {x}, x.shape);
  const double largest = static_cast<double>(std::numeric_limits<float>::max());
  return {node.operation("LessEqual", {{"x1", {{"tensor", 0}}}, {"x2", largest}}, {size}, x.shape)};
}

}  // namespace signxai::tensorflow
