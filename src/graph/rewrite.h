// Helpers with which passes and methods make a new graph from an old one.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "graph/builder.h"
#include "graph/op.h"

namespace signxai::graph {

/// Copies `from` node by node into `builder`; `replace` may give another value for a node (it sees the node with its
/// inputs already mapped), or an invalid Value to copy it as it is. Returns the new value of every old one.
using Replace = std::function<Value(Builder&, Value old, const std::vector<Value>& inputs)>;
std::vector<Value> copy_graph(const Graph& from, Builder& builder, const Replace& replace);

/// copy_graph with outputs carried over and unreachable nodes left out: the usual body of a pass.
Graph rewrite(const Graph& graph, const Replace& replace);

/// Replays the nodes between `sources` and `target` on other values. `substitute` maps old values to new ones (inputs
/// and weights alike); nodes that depend on none of them are used as they are.
Value replay(Builder& builder, Value target, const std::vector<std::pair<Value, Value>>& substitute);

/// What a pull-back is about: the values it ends at, and which values something flows through to them (by id; values
/// behind operations without a derivative are not among these).
struct Flow {
  const std::vector<Value>& sources;
  const std::vector<bool>& reaches;

  bool through(Value value) const { return reaches[static_cast<std::size_t>(value.id)]; }
  bool ends_at(Value value) const;
};

/// Which values up to `last` depend on one of `sources` by operations that have a derivative.
std::vector<bool> differentiable_dependents(const Graph& graph, std::int32_t last, const std::vector<Value>& sources);

/// Takes the place of the derivative of some nodes, in regions too.
class Derivative {
 public:
  virtual ~Derivative() = default;
  /// Cotangents of values that the node is computed from, given that of the node; nothing: the node's own pull-back is
  /// right. `args.needed` says which inputs something flows through.
  virtual std::optional<std::vector<std::pair<Value, Value>>> shares(const PullBackArgs& args,
                                                                     const Flow& flow) const = 0;
};

/// Reverse-mode derivative: cotangents of `wrt`, given one of `output`. Entries are invalid where nothing flows.
/// Weights (constants) are not differentiated.
std::vector<Value> pull_back(Builder& builder, Value output, Value cotangent, const std::vector<Value>& wrt,
                             const Derivative* derivative = nullptr);
/// The same for several outputs at once; `seeds` are pairs of output and cotangent.
std::vector<Value> pull_back(Builder& builder, const std::vector<std::pair<Value, Value>>& seeds,
                             const std::vector<Value>& wrt, const Derivative* derivative = nullptr);

}  // namespace signxai::graph
