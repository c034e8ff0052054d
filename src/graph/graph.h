// Graph: nodes in topological order, named outputs. A graph is built by a Builder and never changed afterwards; passes
// make new ones. Nodes refer to each other by index, so a graph can be copied, compared and printed freely.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/types.h"

namespace signxai::graph {

struct OpDef;

/// One operation. Invariant: every input id is smaller than the node's own; `type` is what the op infers from them.
struct Node {
  const OpDef* op = nullptr;
  std::vector<Value> inputs;
  Attrs attrs;
  Type type;
  std::int32_t origin = 0;  ///< index into Graph::origins: the layer call or method part that asked for it first

  bool is(std::string_view op_name) const;
};

struct Output {
  std::string name;
  Value value;
};

class Graph {
 public:
  const Node& operator[](Value value) const { return nodes_[static_cast<std::size_t>(value.id)]; }
  const Type& type(Value value) const { return (*this)[value].type; }
  std::int32_t size() const { return static_cast<std::int32_t>(nodes_.size()); }
  const std::vector<Node>& nodes() const { return nodes_; }
  /// The `input` nodes, in the order in which data is handed in.
  const std::vector<Value>& inputs() const { return inputs_; }
  const std::vector<Output>& outputs() const { return outputs_; }
  const std::string& origin(Value value) const { return origins_[static_cast<std::size_t>((*this)[value].origin)]; }
  /// The constant behind a value, or nullptr.
  const Literal* literal(Value value) const;
  /// How many inputs of other nodes and graph outputs each value serves.
  std::vector<int> use_counts() const;

 private:
  friend class Builder;
  std::vector<Node> nodes_;
  std::vector<Value> inputs_;
  std::vector<Output> outputs_;
  std::vector<std::string> origins_{""};
};

/// Equal structure, attributes and constants (origins are ignored).
bool operator==(const Graph& a, const Graph& b);

}  // namespace signxai::graph
