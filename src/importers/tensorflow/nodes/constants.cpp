// What is known when the model is loaded: constants, shapes, and what is computed of them. Extents that are not known
// then take part as keras::open_extent().
#include <algorithm>
#include <cmath>

#include "importers/operations/operands.h"
#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

using graph::Ints;
using graph::Literal;

constexpr std::int64_t kMost = std::int64_t{1} << 26;

using Unary = float (*)(float);
using Binary = float (*)(float, float);

struct NamedUnary {
  std::string_view op;
  Unary function;
};
struct NamedBinary {
  std::string_view op;
  Binary function;
};

constexpr NamedUnary kUnary[] = {
    {"Abs", [](float x) { return std::abs(x); }},
    {"Ceil", [](float x) { return std::ceil(x); }},
    {"Exp", [](float x) { return std::exp(x); }},
    {"Floor", [](float x) { return std::floor(x); }},
    {"Log", [](float x) { return std::log(x); }},
    {"LogicalNot", [](float x) { return x == 0 ? 1.0f : 0.0f; }},
    {"Neg", [](float x) { return -x; }},
    {"Reciprocal", [](float x) { return 1 / x; }},
    {"Relu", [](float x) { return x > 0 ? x : 0; }},
    {"Rsqrt", [](float x) { return 1.0f / std::sqrt(x); }},
    {"Sqrt", [](float x) { return std::sqrt(x); }},
    {"Square", [](float x) { return x * x; }},
    {"Tanh", [](float x) { return std::tanh(x); }},
    {"Sigmoid", [](float x) { return 1 / (1 + std::exp(-x)); }},
    {"Sign", [](float x) { return x > 0   ? 1.0f
                                  : x < 0 ? -1.0f
                                          : x; }},
    {"OnesLike", [](float) { return 1.0f; }},
    {"ZerosLike", [](float) { return 0.0f; }},
    {"StopGradient", [](float x) { return x; }},
};

constexpr NamedBinary kBinary[] = {
    {"Add", [](float x, float y) { return x + y; }},
    {"AddV2", [](float x, float y) { return x + y; }},
    {"Div", [](float x, float y) { return x / y; }},
    {"Equal", [](float x, float y) { return x == y ? 1.0f : 0.0f; }},
    {"FloorDiv", [](float x, float y) { return std::floor(x / y); }},
    {"FloorMod", [](float x, float y) { return x - std::floor(x / y) * y; }},
    {"Greater", [](float x, float y) { return x > y ? 1.0f : 0.0f; }},
    {"GreaterEqual", [](float x, float y) { return x >= y ? 1.0f : 0.0f; }},
    {"Less", [](float x, float y) { return x < y ? 1.0f : 0.0f; }},
    {"LessEqual", [](float x, float y) { return x <= y ? 1.0f : 0.0f; }},
    {"LogicalAnd", [](float x, float y) { return x != 0 && y != 0 ? 1.0f : 0.0f; }},
    {"LogicalOr", [](float x, float y) { return x != 0 || y != 0 ? 1.0f : 0.0f; }},
    {"Maximum", [](float x, float y) { return std::max(x, y); }},
    {"Minimum", [](float x, float y) { return std::min(x, y); }},
    {"Mul", [](float x, float y) { return x * y; }},
    {"NotEqual", [](float x, float y) { return x != y ? 1.0f : 0.0f; }},
    {"Pow", [](float x, float y) { return std::pow(x, y); }},
    {"RealDiv", [](float x, float y) { return x / y; }},
    {"SquaredDifference", [](float x, float y) { return (x - y) * (x - y); }},
    {"Sub", [](float x, float y) { return x - y; }},
};

/// Whether an operation cannot be made of an extent that is not known.
bool decides(std::string_view op) {
  return op.find("Equal") != std::string_view::npos || op.starts_with("Greater") || op.starts_with("Less") ||
         op.starts_with("Logical") || op == "Maximum" || op == "Minimum";
}

bool is_open(const Literal& literal) {
  return std::any_of(literal.data(), literal.data() + literal.size(), keras::is_open_extent);
}

Shape broadcast_shape(const Node& node, const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      node.refuse("has constants of the shapes " + signxai::to_string(a) + " and " + signxai::to_string(b));
    shape[shape.size() - 1 - i] = x == 1 ? y : x;
  }
  if (count_of(shape, node.name()) > kMost) node.refuse("makes a constant of the shape " + signxai::to_string(shape));
  return shape;
}

/// The element of a smaller array that stands for element `index` of an array of that shape.
std::int64_t index_in(const Shape& small, const Shape& shape, std::int64_t index) {
  std::int64_t found = 0, stride = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = shape.size() - 1 - i;
    const std::int64_t at = index % shape[axis];
    index /= shape[axis];
    if (i >= small.size()) break;
    const std::int64_t extent = small[small.size() - 1 - i];
    if (extent != 1) found += at * stride;
    stride *= extent;
  }
  return found;
}

}  // namespace

bool all_numbers(const Node& node) {
  for (std::size_t i = 0; i < node.count(); ++i) {
    if (!node.operand(i).numbers) return false;
  }
  return true;
}

std::optional<Value> computed_unary(const std::string& op, const Value& x) {
  const auto it = std::find_if(std::begin(kUnary), std::end(kUnary), [&](const NamedUnary& u) { return u.op == op; });
  if (it == std::end(kUnary) || (decides(op) && is_open(*x.numbers))) return std::nullopt;
  std::vector<float> values(x.numbers->data(), x.numbers->data() + x.numbers->size());
  std::transform(values.begin(), values.end(), values.begin(), it->function);
  return Node::constant({x.numbers->shape(), std::move(values), x.numbers->name()}, x.integer);
}

std::optional<Value> computed_binary(const Node& node, const Value& a, const Value& b) {
  const auto it =
      std::find_if(std::begin(kBinary), std::end(kBinary), [&](const NamedBinary& n) { return n.op == node.op(); });
  if (it == std::end(kBinary) || (decides(node.op()) && (is_open(*a.numbers) || is_open(*b.numbers))))
    return std::nullopt;
  const Shape shape = broadcast_shape(node, a.numbers->shape(), b.numbers->shape());
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    values[i] = it->function(a.numbers->data()[index_in(a.numbers->shape(), shape, at)],
                             b.numbers->data()[index_in(b.numbers->shape(), shape, at)]);
  }
  return Node::constant({shape, std::move(values)}, a.integer && b.integer);
}

std::vector<Value> node_const(Node& node) {
  const auto* tensor = attribute(*node.flat().definition, "value");
  if (!tensor) node.refuse("is a constant without a value");
  return {Node::constant(literal_of(tensor->tensor(), node.name(), node.name()), is_integer(tensor->tensor().dtype()))};
}

/// Arrays of one number; where the extents are not known, the number stands for the array.
std::vector<Value> node_fill(Node& node) {
  const Literal &extents = node.numbers(0, "extents"), &number = node.numbers(1, "a number");
  if (number.size() != 1) node.refuse("fills an array with several numbers");
  Value made = Node::constant({Shape{}, {*number.data()}}, node.operand(1).integer);
  if (is_open(extents)) return {made};
  Shape shape = node.integers(0, "extents");
  if (count_of(shape, node.name()) > kMost) node.refuse("makes a constant of the shape " + signxai::to_string(shape));
  made.numbers = Literal(shape, std::vector<float>(static_cast<std::size_t>(element_count(shape)), *number.data()));
  return {made};
}

std::vector<Value> node_range(Node& node) {
  const auto number = [&](std::size_t i) {
    const Literal& literal = node.numbers(i, "limits");
    if (literal.size() != 1 || is_open(literal))
      node.refuse("counts to an extent that is not known when the model is loaded");
    return static_cast<double>(*literal.data());
  };
  const double start = number(0), limit = number(1), step = number(2);
  const double count = step == 0 ? -1 : std::ceil((limit - start) / step);
  if (!(count >= 0 && count <= static_cast<double>(kMost))) node.refuse("counts with impossible limits");
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(start + step * static_cast<double>(i));
  return {Node::constant({{static_cast<std::int64_t>(values.size())}, std::move(values)}, node.operand(0).integer)};
}

std::vector<Value> node_shape(Node& node) {
  const Value& x = node.operand(0);
  const Shape& shape = x.numbers ? x.numbers->shape() : x.shape;
  std::vector<float> extents;
  for (const std::int64_t extent : shape)
    extents.push_back(extent < 0 ? keras::open_extent() : static_cast<float>(extent));
  if (node.op() == "Rank") return {Node::constant({Shape{}, {static_cast<float>(shape.size())}}, true)};
  const auto rank = static_cast<std::int64_t>(extents.size());
  return {Node::constant({{rank}, std::move(extents)}, true)};
}

}  // namespace signxai::tensorflow
