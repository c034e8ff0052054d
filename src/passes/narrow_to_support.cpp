// Pass: support analysis. Relevance that reaches a ReLU layer from above is a product with its activation a = max(z,
// 0), hence zero wherever a is; there R / f(z) and R / f(a) are the same, and where a > 0 it equals z. Dividing by f(a)
// makes z dead, so that z and a need not both be kept; and so does taking a ReLU's masks from a, or from min(a, 6).
// Keeps relevance.
#include <algorithm>
#include <map>
#include <set>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::OpKind;
using graph::Value;
using Witnesses = std::set<Value>;

/// For each value the values w of its shape (ReLU outputs and what is moved or pooled from them) with: v != 0 => w !=
/// 0.
class Support {
 public:
  explicit Support(const Graph& graph) : graph_(graph) {
    for (std::int32_t i = 0; i < graph.size(); ++i) {
      const Node& node = graph[Value{i}];
      witnesses_.push_back(of(node));
      if (is_activation(node)) witnesses_.back().insert(Value{i});
      activation_.push_back(is_activation(node));
    }
  }
  const Witnesses& operator[](Value v) const { return witnesses_[static_cast<std::size_t>(v.id)]; }

 private:
  bool same_shape(const Node& node, Value input) const { return graph_.type(input) == node.type; }

  bool is_activation(const Node& node) const {
    if (node.is("relu")) return true;
    const bool derived =
        node.is("reshape") || node.is("max_pool") || node.is("slice") || node.is("concat") || node.is("pad");
    return derived && std::all_of(node.inputs.begin(), node.inputs.end(),
                                  [&](Value v) { return activation_[static_cast<std::size_t>(v.id)]; });
  }

  Witnesses joined(const Node& node) const {
    Witnesses all;
    for (Value input : node.inputs) {
      if (same_shape(node, input)) all.insert((*this)[input].begin(), (*this)[input].end());
    }
    return all;
  }

  Witnesses common(const Node& node) const {
    const auto& a = (*this)[node.inputs[0]];
    const auto& b = (*this)[node.inputs[1]];
    Witnesses both;
    if (!same_shape(node, node.inputs[0]) || !same_shape(node, node.inputs[1])) return both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    return both;
  }

  /// x of max_pool_backward(x, dy), when dy is zero wherever max_pool(x) is.
  Witnesses pooled(const Node& node) const {
    const Value x = node.inputs[0];
    for (Value w : (*this)[node.inputs[1]]) {
      if (graph_[w].is("max_pool") && graph_[w].inputs[0] == x && graph_[w].attrs == node.attrs) return (*this)[x];
    }
    return {};
  }

  /// Moves back what was moved forward: reshape of reshape, slice of concat or pad.
  Witnesses moved(const Node& node) const {
    Witnesses found;
    for (Value w : (*this)[node.inputs[0]]) {
      for (Value source : graph_[w].inputs) {
        if (graph_.type(source) == node.type && undoes(node, graph_[w], source)) {
          found.insert((*this)[source].begin(), (*this)[source].end());
        }
      }
    }
    return found;
  }

  bool undoes(const Node& node, const Node& forward, Value source) const {
    if (node.is("reshape")) return forward.is("reshape");
    const auto& begin = node.attrs.ints("begin");
    if (!node.attrs.ints("strides").empty()) return false;
    if (forward.is("pad")) {
      for (std::size_t i = 0; i < begin.size(); ++i) {
        if (begin[i] != forward.attrs.ints("pads")[2 * i]) return false;
      }
      return true;
    }
    if (!forward.is("concat")) return false;
    const auto axis = static_cast<std::size_t>(forward.attrs.integer("axis"));
    std::int64_t offset = 0;
    for (Value input : forward.inputs) {
      if (input == source && begin[axis] == offset) return true;
      offset += graph_.type(input).shape[axis];
    }
    return false;
  }

  Witnesses of(const Node& node) const {
    if (node.is("mul")) return joined(node);
    if (node.is("add") || node.is("sub")) return common(node);
    if (node.is("safe_div") || node.is("div"))
      return same_shape(node, node.inputs[0]) ? (*this)[node.inputs[0]] : Witnesses{};
    if (node.is("max_pool_backward")) return pooled(node);
    if (node.is("reshape") || node.is("slice")) return moved(node);
    const bool keeps_zero = node.op->kind == OpKind::kPointwise && node.inputs.size() == 1 && node.op->annihilators;
    return keeps_zero ? (*this)[node.inputs[0]] : Witnesses{};
  }

  const Graph& graph_;
  std::vector<Witnesses> witnesses_;
  std::vector<bool> activation_;
};

/// Whether `value` is computed from `z` element by element (and from anything that does not involve z).
bool is_pointwise_in(const Graph& graph, Value value, Value z) {
  if (value == z) return true;
  const Node& node = graph[value];
  bool found = false;
  for (Value input : node.inputs) {
    if (input.id < z.id) continue;
    if (is_pointwise_in(graph, input, z)) found = true;
  }
  return found && node.op->kind == OpKind::kPointwise && node.type == graph.type(z);
}

/// The one number of `value`, or 0 where it is anything else.
float number_of(const Graph& graph, Value value) {
  const graph::Literal* literal = graph.literal(value);
  return literal != nullptr && literal->size() == 1 ? literal->data()[0] : 0.0f;
}

/// Activations of values that stand before a node.
struct Activations {
  std::map<Value, Value> relus;                   ///< z to max(z, 0)
  std::map<Value, std::pair<Value, float>> caps;  ///< a to min(a, c) and c > 0

  void note(const Graph& graph, Value v) {
    const Node& node = graph[v];
    if (node.is("relu")) relus.emplace(node.inputs[0], v);
    for (const std::size_t k : {0U, 1U}) {
      if (!node.is("minimum") || !graph[node.inputs[k]].is("relu")) continue;
      if (const float cap = number_of(graph, node.inputs[1 - k]); cap > 0)
        caps.emplace(node.inputs[k], std::pair{v, cap});
    }
  }

  /// What takes the place of operand `index` of a mask: of z > 0 the ReLU, of that its capped value where there is one;
  /// and of a >= c the value that c caps.
  Value instead(const Graph& graph, const Node& node, std::size_t index) const {
    const Value other = node.inputs[1 - index];
    const bool positive = node.is("greater") && index == 0 && is_zero(graph, other);
    const bool capped = node.is("less_equal") ? index == 1 : node.is("greater_equal") && index == 0;
    if (!positive && !capped) return {};
    const auto relu = positive ? relus.find(node.inputs[index]) : relus.end();
    const Value a = relu != relus.end() ? relu->second : node.inputs[index];
    const auto cap = caps.find(a);
    if (cap != caps.end() && (positive || number_of(graph, other) == cap->second.second)) return cap->second.first;
    return relu != relus.end() ? a : Value{};
  }

  static bool is_zero(const Graph& graph, Value value) {
    const graph::Literal* literal = graph.literal(value);
    return literal != nullptr && literal->size() == 1 && literal->data()[0] == 0.0f;
  }
};

bool same_type(const Graph& graph, const Node& node, Value other) { return graph.type(other) == node.type; }

}  // namespace

Graph narrow_to_support(const Graph& graph, const Context&) {
  const Support support(graph);
  std::map<Value, Value> made;  // old to new
  Activations activations;
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, std::vector<Value> in) -> Value {
    const Node& node = graph[old];
    if (node.is("safe_div") && same_type(graph, node, node.inputs[0])) {
      for (Value a : support[node.inputs[0]]) {
        if (!graph[a].is("relu")) continue;
        const Value z = graph[a].inputs[0], denominator = node.inputs[1];
        if (!same_type(graph, node, z) || !is_pointwise_in(graph, denominator, z)) continue;
        in[1] = graph::replay(b, in[1], {{made.at(z), made.at(a)}});
        break;
      }
    }
    activations.note(graph, old);
    for (std::size_t k = 0; k < 2 && in.size() == 2; ++k) {
      if (const Value a = activations.instead(graph, node, k)) in[k] = made.at(a);
    }
    return made[old] = b.remake(node, std::move(in));
  });
}

}  // namespace signxai::passes
