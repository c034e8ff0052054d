// Pass: products of a few rows with the same large matrix become one product of all their rows. Such a product is bound
// by reading its matrix, and pull-backs of methods asked for together read the same ones: N times W becomes once. The
// chains meet at each such layer, so what one has computed so far waits for the others; where that takes more memory
// than the joined rows themselves, the graph stays as it is. Keeps relevance.
//
// Invariant: members of a group have the same height, the number of such products on the longest way from them to an
// output. None depends on another then, and between any two groups the ways lead in one direction, so that no cycle can
// arise. Counted from the outputs, because chains of all methods end at the input, but begin at different places.
#include <algorithm>
#include <map>
#include <utility>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"
#include "passes/plan_memory.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::Value;

constexpr std::int64_t kLarge = std::int64_t{1}
                                << 20;  // entries; smaller matrices stay in a cache from one to the next

std::size_t at(Value v) { return static_cast<std::size_t>(v.id); }

bool is_transposed(const Node& product) { return product.attrs.integer("transpose_b") != 0; }
std::int64_t rows_of(const Node& product) { return product.type.shape[0]; }

bool is_joinable(const Graph& graph, const Node& node) {
  if (!node.is("matmul") || node.attrs.integer("transpose_a") != 0 || node.type.shape.size() != 2) return false;
  const graph::Literal* matrix = graph.literal(node.inputs[1]);
  return matrix != nullptr && matrix->shape().size() == 2 && matrix->size() >= kLarge && rows_of(node) <= kFewRows &&
         graph.type(node.inputs[0]).shape.size() == 2;
}

/// Products that become one: by value id, the number of the group, or -1; and the members.
struct Groups {
  std::vector<int> of;
  std::vector<std::vector<Value>> members;
};

/// The height of each joinable product; 0 for all other nodes.
std::vector<int> heights(const Graph& graph) {
  std::vector<int> height(static_cast<std::size_t>(graph.size())), found(height.size());
  for (std::int32_t i = graph.size(); i-- > 0;) {
    const Node& node = graph[Value{i}];
    int& own = height[at(Value{i})];
    if (is_joinable(graph, node)) found[at(Value{i})] = ++own;
    for (const Value in : node.inputs) height[at(in)] = std::max(height[at(in)], own);
  }
  return found;
}

bool same_product(const Node& a, const Node& b) {
  return a.attrs == b.attrs && std::equal(a.inputs.begin() + 1, a.inputs.end(), b.inputs.begin() + 1, b.inputs.end());
}

Groups find_groups(const Graph& graph) {
  struct Open {
    std::vector<Value> members;
    std::int64_t rows;
  };
  std::map<std::pair<int, Value>, std::vector<Open>> open;  // by height and matrix
  const auto height = heights(graph);
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    if (height[at(Value{i})] == 0) continue;
    const Node& node = graph[Value{i}];
    const std::int64_t most = is_transposed(node) ? kManyRows : kFewRows;
    auto& candidates = open[{height[at(Value{i})], node.inputs[1]}];
    const auto takes = [&](const Open& group) {
      return group.rows + rows_of(node) <= most && same_product(graph[group.members.front()], node);
    };
    const auto found = std::find_if(candidates.begin(), candidates.end(), takes);
    Open& group = found == candidates.end() ? candidates.emplace_back(Open{{}, 0}) : *found;
    group.members.push_back(Value{i});
    group.rows += rows_of(node);
  }
  Groups groups{std::vector<int>(height.size(), -1), {}};
  for (const auto& [key, candidates] : open) {
    for (const Open& group : candidates) {
      if (group.members.size() < 2) continue;
      for (const Value member : group.members) groups.of[at(member)] = static_cast<int>(groups.members.size());
      groups.members.push_back(group.members);
    }
  }
  return groups;
}

/// Writes the nodes anew, in their old order but for what a group needs before its first member.
class Joining {
 public:
  Joining(const Graph& graph, const Groups& groups)
      : graph_(graph), groups_(groups), made_(static_cast<std::size_t>(graph.size())) {}

  Graph run() {
    for (const Value in : graph_.inputs()) copy(in);  // the order in which data is handed in
    for (std::int32_t i = 0; i < graph_.size(); ++i) emit(Value{i});
    for (const graph::Output& out : graph_.outputs()) builder_.output(out.name, made_[at(out.value)]);
    return builder_.take();
  }

 private:
  void emit(Value value) {
    if (made_[at(value)]) return;
    if (groups_.of[at(value)] < 0) return copy(value);
    const auto& members = groups_.members[static_cast<std::size_t>(groups_.of[at(value)])];
    emit_operands(members);
    join(members);
  }

  void copy(Value value) {
    if (made_[at(value)]) return;
    std::vector<Value> inputs;
    for (const Value in : graph_[value].inputs) inputs.push_back(made_[at(in)]);
    builder_.set_origin(graph_.origin(value));
    made_[at(value)] = builder_.remake(graph_[value], std::move(inputs));
  }

  /// What the products are computed from, as far as it is not there yet.
  void emit_operands(const std::vector<Value>& products) {
    std::vector<bool> needed(at(products.back()) + 1, false);
    for (const Value product : products) needed[at(product)] = true;
    for (std::int32_t i = products.back().id; i >= 0; --i) {
      if (!needed[at(Value{i})] || made_[at(Value{i})]) continue;
      for (const Value in : graph_[Value{i}].inputs) needed[at(in)] = true;
    }
    for (const Value product : products) needed[at(product)] = false;
    for (std::int32_t i = 0; i < products.back().id; ++i) {
      if (needed[at(Value{i})]) emit(Value{i});
    }
  }

  void join(const std::vector<Value>& members) {
    const Node& first = graph_[members.front()];
    builder_.set_origin(graph_.origin(members.front()));
    std::vector<Value> rows, inputs;
    for (const Value member : members) rows.push_back(made_[at(graph_[member].inputs[0])]);
    for (const Value in : first.inputs) inputs.push_back(made_[at(in)]);
    inputs[0] = builder_.make("concat", rows, {{"axis", std::int64_t{0}}});
    const Value product = builder_.remake(first, std::move(inputs));
    std::int64_t begin = 0;
    for (const Value member : members) {
      const std::int64_t end = begin + rows_of(graph_[member]);
      made_[at(member)] =
          builder_.make("slice", {product},
                        {{"begin", graph::Ints{begin, 0}}, {"end", graph::Ints{end, graph_.type(member).shape[1]}}});
      begin = end;
    }
  }

  const Graph& graph_;
  const Groups& groups_;
  std::vector<Value> made_;
  graph::Builder builder_;
};

/// As far as it is known before kernels are chosen.
std::size_t arena_bytes(const Graph& graph) {
  const auto writes_over = [&](Value value, std::size_t input) {
    const Node& node = graph[value];
    const bool is_sweep = node.is("sweep") || node.op->kind == graph::OpKind::kPointwise;
    return is_sweep && graph.type(node.inputs[input]) == node.type;
  };
  return plan_memory(graph, writes_over).arena_bytes;
}

/// Bytes of the largest group's rows, of operands and results.
std::size_t row_bytes(const Graph& graph, const Groups& groups) {
  std::size_t most = 0;
  for (const auto& members : groups.members) {
    std::size_t bytes = 0;
    for (const Value member : members)
      bytes += bytes_of(graph.type(member)) + bytes_of(graph.type(graph[member].inputs[0]));
    most = std::max(most, bytes);
  }
  return most;
}

}  // namespace

Graph join_products(const Graph& graph, const Context& context) {
  const Groups groups = find_groups(graph);
  if (groups.members.empty()) return graph;
  Graph joined = Joining(graph, groups).run();
  // The rows lie there twice, once gathered; with a limit of the memory not even that may be added.
  const std::size_t more = context.memory_is_limited ? 0 : 2 * row_bytes(graph, groups);
  return arena_bytes(joined) <= arena_bytes(graph) + more ? joined : graph;
}

}  // namespace signxai::passes
