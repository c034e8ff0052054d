// Element by element: of numbers at once, of tensors as operations of the table; sums and products may be the end of a
// layer.
#include <algorithm>
#include <cmath>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using keras::Json;

struct NamedOperation {
  std::string_view op;
  const char* operation;
};

constexpr NamedOperation kOperations[] = {
    {"Abs", "Absolute"},
    {"Add", "Add"},
    {"AddV2", "Add"},
    {"Div", "Divide"},
    {"DivNoNan", "DivideNoNan"},
    {"Equal", "Equal"},
    {"Erf", "Erf"},
    {"Exp", "Exp"},
    {"Expm1", "Expm1"},
    {"Greater", "Greater"},
    {"GreaterEqual", "GreaterEqual"},
    {"Less", "Less"},
    {"LessEqual", "LessEqual"},
    {"Log", "Log"},
    {"Log1p", "Log1p"},
    {"LogicalAnd", "LogicalAnd"},
    {"LogicalNot", "LogicalNot"},
    {"LogicalOr", "LogicalOr"},
    {"Maximum", "Maximum"},
    {"Minimum", "Minimum"},
    {"Mul", "Multiply"},
    {"Neg", "Negative"},
    {"NotEqual", "NotEqual"},
    {"OnesLike", "OnesLike"},
    {"Pow", "Power"},
    {"RealDiv", "Divide"},
    {"Reciprocal", "Reciprocal"},
    {"Inv", "Reciprocal"},
    {"Rsqrt", "rsqrt"},
    {"Sign", "Sign"},
    {"Sqrt", "Sqrt"},
    {"Square", "Square"},
    {"SquaredDifference", "squared_difference"},
    {"StopGradient", "StopGradient"},
    {"Sub", "Subtract"},
    {"ZerosLike", "ZerosLike"},
};

const char* operation_of(const Node& node) {
  const auto it = std::find_if(std::begin(kOperations), std::end(kOperations),
                               [&](const NamedOperation& n) { return n.op == node.op(); });
  if (it == std::end(kOperations)) node.refuse("is an operation that is not supported");
  return it->operation;
}

Value binary(Node& node, const Value& a, const Value& b) {
  std::vector<Value> inputs;
  Json options = Json::object();
  options["x1"] = node.option(a, inputs);
  options["x2"] = node.option(b, inputs);
  return node.operation(operation_of(node), std::move(options), inputs);
}

bool is_scalar(const Value& value, float number) {
  return value.numbers && value.numbers->size() == 1 && *value.numbers->data() == number;
}

/// The sum as a layer; sums of sums in one scope are one layer.
Value sum(Node& node, const std::vector<Value>& terms) {
  const Value& first = terms.front();
  Draft* before = first.draft.get();
  if (before && before->call.class_name == "Add" && before->scope == node.scope() && node.only_use(0)) {
    for (std::size_t i = 1; i < terms.size(); ++i) before->inputs.push_back(terms[i]);
    return first;
  }
  return node.layer("Add", Json::object(), terms);
}

bool same_rank(const Value& a, const Value& b) { return a.is_tensor() && b.is_tensor() && a.rank() == b.rank(); }

}  // namespace

std::vector<Value> node_binary(Node& node) {
  const Value &a = node.operand(0), &b = node.operand(1);
  if (a.numbers && b.numbers) {
    if (auto made = computed_binary(node, a, b)) return {*made};
    node.refuse("decides by an extent that is not known when the model is loaded");
  }
  return {binary(node, a, b)};
}

std::vector<Value> node_add(Node& node) {
  const Value &a = node.operand(0), &b = node.operand(1);
  if (a.numbers && b.numbers) return node_binary(node);
  for (const auto& [of, by] : {std::pair{0u, 1u}, std::pair{1u, 0u}}) {
    if (auto made = biased(node, of, by)) return {*made};
  }
  if (auto made = recover_normalization(node)) return {*made};
  if (auto made = recover_sum(node)) return {*made};
  if (auto made = scaled_normalization(node, "center")) return {*made};
  return {same_rank(a, b) ? sum(node, {a, b}) : binary(node, a, b)};
}

std::vector<Value> node_add_n(Node& node) {
  std::vector<Value> terms;
  for (std::size_t i = 0; i < node.count(); ++i) terms.push_back(node.operand(i));
  return {node.layer("Add", Json::object(), terms)};
}

std::vector<Value> node_multiply(Node& node) {
  const Value &a = node.operand(0), &b = node.operand(1);
  if (a.numbers && b.numbers) return node_binary(node);
  if (is_scalar(a, 1) && a.rank() <= b.rank()) return {b};
  if (is_scalar(b, 1) && b.rank() <= a.rank()) return {a};
  if (auto made = recover_product(node)) return {*made};
  if (auto made = scaled_normalization(node, "scale")) return {*made};
  return {same_rank(a, b) ? node.layer("Multiply", Json::object(), {a, b}) : binary(node, a, b)};
}

std::vector<Value> node_unary(Node& node) {
  const Value& x = node.operand(0);
  if (x.numbers) {
    if (auto made = computed_unary(node.op(), x)) return {*made};
  }
  return {node.operation(operation_of(node), {{"x", {{"tensor", 0}}}}, {x}, x.shape)};
}

std::vector<Value> node_erfc(Node& node) {
  const Value& x = node.operand(0);
  const Value erf = node.operation("Erf", {{"x", {{"tensor", 0}}}}, {x}, x.shape);
  return {node.operation("Subtract", {{"x1", 1.0}, {"x2", {{"tensor", 0}}}}, {erf}, x.shape)};
}

std::vector<Value> node_clip(Node& node) {
  const Value& x = node.operand(0);
  const auto limit = [&](std::size_t i) {
    const graph::Literal& literal = node.numbers(i, "limits");
    if (literal.size() != 1) node.refuse("has several limits");
    return *literal.data();
  };
  return {node.operation("Clip", {{"x", {{"tensor", 0}}}, {"low", limit(1)}, {"high", limit(2)}}, {x}, x.shape)};
}

std::vector<Value> node_select(Node& node) {
  std::vector<Value> inputs;
  Json options = Json::object();
  const char* names[] = {"condition", "x1", "x2"};
  for (std::size_t i = 0; i < 3; ++i) options[names[i]] = node.option(node.operand(i), inputs);
  return {node.operation("Where", std::move(options), inputs)};
}

std::vector<Value> node_cast(Node& node) {
  Value x = node.operand(0);
  const int type = node.type("DstT");
  const bool whole = is_integer(type);
  if (x.numbers) {
    std::vector<float> values(x.numbers->data(), x.numbers->data() + x.numbers->size());
    if (type == kBool)
      std::transform(values.begin(), values.end(), values.begin(), [](float v) { return v != 0 ? 1.0f : 0.0f; });
    if (whole && !x.integer)
      std::transform(values.begin(), values.end(), values.begin(), [](float v) { return std::trunc(v); });
    return {Node::constant({x.numbers->shape(), std::move(values), x.numbers->name()}, whole)};
  }
  if (!whole || (x.integer && type != kBool)) {
    x.integer = whole;
    return {x};
  }
  // Ids that a model takes as floats; what makes integers of computed numbers cuts fractions off.
  const FlatNode& from = node.translator().node(node.translator().origin(node.flat().inputs[0]));
  if (from.argument >= 0 && type != kBool) {
    x.integer = true;
    return {x};
  }
  Value made = node.operation("Cast", {{"x", {{"tensor", 0}}}, {"dtype", type_name(type)}}, {x}, x.shape);
  made.integer = true;
  return {made};
}

}  // namespace signxai::tensorflow
