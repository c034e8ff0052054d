// Builder: the only way to make a graph. It checks inputs and attributes against the op table, infers types, and
// hash-conses: asking twice for the same operation on the same values gives the same Value, so work shared between
// methods is shared without anybody noticing. Not safe for concurrent use.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace signxai::graph {

class Builder {
 public:
  Builder() = default;
  /// Continues an existing graph; its values keep their ids, its outputs stay.
  explicit Builder(Graph graph);

  /// Any op by name. Throws Error(kInvalidArgument) when inputs or attributes do not fit the op.
  Value make(std::string_view op, std::vector<Value> inputs, Attrs attrs = {});
  /// Re-makes a node (of this or another graph) on other inputs.
  Value remake(const Node& node, std::vector<Value> inputs);

  Value input(std::string name, Shape shape);
  Value constant(Literal literal);
  Value constant(double value);  ///< scalar
  void output(std::string name, Value value);
  void clear_outputs() { graph_.outputs_.clear(); }
  /// Nodes made from now on belong to this layer call or method part.
  void set_origin(std::string origin);

  // Pointwise, with broadcasting.
  Value add(Value a, Value b) { return make("add", {a, b}); }
  Value sub(Value a, Value b) { return make("sub", {a, b}); }
  Value mul(Value a, Value b) { return make("mul", {a, b}); }
  Value div(Value a, Value b) { return make("div", {a, b}); }
  /// a / (b + 1e-7 [b == 0])
  Value safe_div(Value a, Value b) { return make("safe_div", {a, b}); }
  Value relu(Value a) { return make("relu", {a}); }
  Value negative_part(Value a) { return make("minimum", {a, constant(0.0)}); }
  Value select(Value condition, Value yes, Value no) { return make("select", {condition, yes, no}); }
  Value unary(std::string_view op, Value a) { return make(op, {a}); }

  // Reductions and shapes.
  Value reduce(std::string_view op, Value a, Ints axes, bool keep_dims);
  Value reshape(Value a, Shape shape) { return make("reshape", {a}, {{"shape", Ints(std::move(shape))}}); }
  Value broadcast(Value a, Shape shape) { return make("broadcast", {a}, {{"shape", Ints(std::move(shape))}}); }
  /// Sums over the axes along which `shape` was broadcast to a's shape: the pull-back of broadcasting.
  Value sum_to(Value a, const Shape& shape);

  const Graph& graph() const { return graph_; }
  const Node& operator[](Value value) const { return graph_[value]; }
  const Shape& shape(Value value) const { return graph_.type(value).shape; }
  Graph take() { return std::move(graph_); }

 private:
  Value intern(Node node);

  Graph graph_;
  std::int32_t origin_ = 0;
  std::unordered_multimap<std::size_t, std::int32_t> index_;
};

}  // namespace signxai::graph
