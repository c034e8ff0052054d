// Checking, type inference and hash-consing of new nodes.
#include "graph/builder.h"

#include <algorithm>

#include "graph/op.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

[[noreturn]] void refuse(const OpDef& op, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "graph", op.name, why);
}

bool fits(const Attr& value, AttrType type) { return value.index() == static_cast<std::size_t>(type); }

Attrs complete(const OpDef& op, Attrs attrs) {
  for (const auto& [name, value] : attrs.entries()) {
    const bool known =
        std::any_of(op.attrs.begin(), op.attrs.end(), [&key = name](const auto& s) { return s.name == key; });
    if (!known) refuse(op, "takes no attribute '" + name + "'");
  }
  for (const AttrSpec& spec : op.attrs) {
    if (!attrs.contains(spec.name)) {
      if (!spec.fallback) refuse(op, "attribute '" + spec.name + "' is missing");
      attrs.set(spec.name, *spec.fallback);
    }
    if (!fits(attrs.entries().at(spec.name), spec.type)) refuse(op, "attribute '" + spec.name + "' has the wrong type");
  }
  return attrs;
}

std::size_t hash_of(const Node& node) {
  std::size_t seed = std::hash<const void*>{}(node.op) ^ (node.attrs.hash() << 1);
  for (Value input : node.inputs) seed = seed * 1000003u + static_cast<std::size_t>(input.id);
  return seed;
}

}  // namespace

Builder::Builder(Graph graph) : graph_(std::move(graph)) {
  for (std::int32_t i = 0; i < graph_.size(); ++i)
    index_.emplace(hash_of(graph_.nodes_[static_cast<std::size_t>(i)]), i);
}

Value Builder::intern(Node node) {
  const std::size_t hash = hash_of(node);
  auto [first, last] = index_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    const Node& other = graph_.nodes_[static_cast<std::size_t>(it->second)];
    if (other.op == node.op && other.inputs == node.inputs && other.attrs == node.attrs) return Value{it->second};
  }
  const Value value{graph_.size()};
  index_.emplace(hash, value.id);
  graph_.nodes_.push_back(std::move(node));
  return value;
}

Value Builder::make(std::string_view op_name, std::vector<Value> inputs, Attrs attrs) {
  const OpDef& op = find_op(op_name);
  const int count = static_cast<int>(inputs.size());
  if (count < op.min_inputs || count > op.max_inputs) {
    refuse(op, "got " + std::to_string(count) + " inputs, expected " + std::to_string(op.min_inputs) +
                   (op.max_inputs == op.min_inputs ? "" : " or more"));
  }
  Node node{&op, std::move(inputs), complete(op, std::move(attrs)), {}, origin_};
  std::vector<Type> types;
  for (Value input : node.inputs) {
    if (input.id < 0 || input.id >= graph_.size()) refuse(op, "an input is not a value of this graph");
    types.push_back(graph_.type(input));
  }
  if (op.adapt) node.attrs = op.adapt({node.attrs, types});
  node.type = op.infer({node.attrs, types});
  const std::int32_t before = graph_.size();
  const bool is_input = op.name == "input";
  const Value value = intern(std::move(node));
  if (is_input && value.id == before) graph_.inputs_.push_back(value);
  return value;
}

Value Builder::remake(const Node& node, std::vector<Value> inputs) {
  return make(node.op->name, std::move(inputs), node.attrs);
}

Value Builder::input(std::string name, Shape shape) {
  return make("input", {}, {{"name", std::move(name)}, {"shape", Ints(std::move(shape))}});
}

Value Builder::constant(Literal literal) { return make("const", {}, {{"value", std::move(literal)}}); }

Value Builder::constant(double value) { return constant(Literal({}, std::vector<float>{static_cast<float>(value)})); }

void Builder::output(std::string name, Value value) { graph_.outputs_.push_back({std::move(name), value}); }

void Builder::set_origin(std::string origin) {
  const auto it = std::find(graph_.origins_.begin(), graph_.origins_.end(), origin);
  origin_ = static_cast<std::int32_t>(it - graph_.origins_.begin());
  if (it == graph_.origins_.end()) graph_.origins_.push_back(std::move(origin));
}

Value Builder::reduce(std::string_view op, Value a, Ints axes, bool keep_dims) {
  return make(op, {a}, {{"axes", std::move(axes)}, {"keep_dims", std::int64_t{keep_dims}}});
}

Value Builder::sum_to(Value a, const Shape& target) {
  const Shape from = shape(a);
  if (from == target) return a;
  const std::size_t extra = from.size() - target.size();
  Ints axes;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (i < extra || (target[i - extra] == 1 && from[i] != 1)) axes.push_back(static_cast<std::int64_t>(i));
  }
  return reshape(axes.empty() ? a : reduce("reduce_sum", a, axes, true), target);
}

}  // namespace signxai::graph
