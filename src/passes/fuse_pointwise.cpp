// Pass: gathers pointwise operations between pull-backs into sweeps, which read and write memory once. A node joins the
// sweep that uses it; where several do, each computes it anew if that is cheap and needs one array in its place (x
// instead of x - mean, or r instead of x r where x is read anyway), so that it is never stored. What is stored, because
// a convolution reads it, is computed anew by a sweep that reads that array as well: its memory is free after the
// convolution. Joined arrays and slices of channels that only sweeps read are never stored: these read the parts where
// they lie. Keeps relevance, bit by bit.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "graph/view.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Node;
using graph::OpKind;
using graph::Value;

constexpr std::size_t kLongest = 64;  // operations in one sweep
constexpr int kMostRepeated = 6;      // operations that are computed again to save an array

constexpr std::int64_t kNarrowest = 16;  // part of a view that is worth a copy of its own: the widest vector
constexpr std::size_t kMostShown = 512;  // arrays that one sweep sees through views

bool is_pointwise(const Node& node) { return node.op->kind == OpKind::kPointwise; }

bool is_wide_view(const Graph& graph, Value value) {
  if (!graph::is_view(graph, value)) return false;
  const std::vector<graph::ViewPart> parts = graph::view_parts(graph, value);
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.width >= kNarrowest; });
}

bool is_cheap(const Node& node) {
  constexpr const char* kCheap[] = {"abs",  "add",        "equal",   "greater", "greater_equal",
                                    "less", "less_equal", "maximum", "minimum", "mul",
                                    "neg",  "relu",       "select",  "sigmoid", "sub"};
  return std::any_of(std::begin(kCheap), std::end(kCheap), [&](const char* op) { return node.is(op); });
}

/// Decides which pointwise nodes are stored; each of these is the end of a sweep.
class Partition {
 public:
  explicit Partition(const Graph& graph) : graph_(graph), plans_(static_cast<std::size_t>(graph.size())) {
    for (std::int32_t i = 0; i < graph.size(); ++i) {
      for (const Value in : graph[Value{i}].inputs) at(in).users.insert(Value{i});
      at(Value{i}).view = is_wide_view(graph, Value{i});
    }
    for (const graph::Output& out : graph.outputs()) at(out.value).stored = true;
    for (std::int32_t i = 0; i < graph.size(); ++i) {
      if (!at(Value{i}).view && !joins_users(Value{i})) at(Value{i}).stored = true;
      find_bases(Value{i});
    }
    for (std::int32_t i = graph.size(); i-- > 0;) place(Value{i});
  }

  bool is_stored(Value v) const { return plan(v).stored; }

  /// What the sweep that ends with `end` reads; of that, what it can do without.
  struct Reads {
    std::set<Value> stored, computed_anew;
  };
  Reads reads(Value end) const {
    Reads reads;
    std::set<Value> visited, shown;
    gather(end, visited, reads.stored, shown);
    const auto is_read = [&](Value base) {
      return reads.stored.count(base) != 0 || (is_view(base) && visited.count(base) != 0);
    };
    for (const Value v : reads.stored) {
      const Plan& p = plan(v);
      const bool is_free = std::all_of(p.bases.begin(), p.bases.end(), is_read);
      if (!p.bases.empty() && is_free && !p.sigmoid && shown.count(v) == 0) reads.computed_anew.insert(v);
    }
    return reads;
  }

 private:
  struct Plan {
    std::set<Value> users;
    bool view = false;  ///< shows channels of other arrays
    bool stored = false;
    std::set<Value> sweeps;    ///< those that compute it, by their last nodes
    std::set<Value> bases;     ///< arrays of its own type that it is cheaply computed of
    int cost = 0;              ///< operations between these and it
    bool sigmoid = false;      ///< one of them takes as long as reading some arrays
    std::size_t length = 0;    ///< of the sweep that ends here
    std::set<Value> operands;  ///< of operations in that sweep
    std::size_t shown = 0;     ///< arrays that it sees through views
  };
  Plan& at(Value v) { return plans_[static_cast<std::size_t>(v.id)]; }
  const Plan& plan(Value v) const { return plans_[static_cast<std::size_t>(v.id)]; }

  /// Views that are never stored.
  bool is_view(Value v) const { return plan(v).view && !plan(v).stored; }

  /// Of what is stored, `shown` is what a view reads.
  void gather(Value user, std::set<Value>& visited, std::set<Value>& stored, std::set<Value>& shown) const {
    for (const Value in : graph_[user].inputs) {
      if (is_view(user) && is_stored(in)) shown.insert(in);
      if (!visited.insert(in).second) continue;
      if (is_stored(in)) {
        stored.insert(in);
      } else {
        gather(in, visited, stored, shown);
      }
    }
  }

  /// Whether it could be computed by the sweeps that use it.
  bool joins_users(Value v) const {
    const std::set<Value>& users = plan(v).users;
    const auto takes = [&](Value user) { return is_pointwise(graph_[user]) && graph_.type(user) == graph_.type(v); };
    return is_pointwise(graph_[v]) && !users.empty() && std::all_of(users.begin(), users.end(), takes);
  }

  /// Inputs of other types are broadcast; they are small.
  void find_bases(Value v) {
    const Node& node = graph_[v];
    if (!is_pointwise(node) || !is_cheap(node)) return;
    Plan found;
    found.cost = 1;
    found.sigmoid = node.is("sigmoid");
    for (const Value in : node.inputs) {
      if (graph_.literal(in) || graph_.type(in) != node.type) continue;
      const Plan& input = at(in);
      const bool ends = input.bases.size() != 1 || (input.stored && input.sigmoid);
      found.bases.insert(ends ? in : *input.bases.begin());
      if (ends) continue;
      found.cost += input.cost;
      found.sigmoid = found.sigmoid || input.sigmoid;
    }
    if (found.cost > kMostRepeated) return;
    at(v).bases = found.bases;
    at(v).cost = found.cost;
    at(v).sigmoid = found.sigmoid;
  }

  /// Whether the sweep, which could read `v`, needs but one array to compute it.
  bool computes_cheaply(Value end, Value v) const {
    const std::set<Value>&bases = plan(v).bases, &operands = plan(end).operands;
    const auto missing = std::count_if(bases.begin(), bases.end(), [&](Value b) { return operands.count(b) == 0; });
    return !bases.empty() && missing <= 1;
  }

  /// Users stand behind a node, so they have been placed.
  void place(Value v) {
    Plan& plan = at(v);
    const Node& node = graph_[v];
    if (plan.view) return place_view(v);
    if (!plan.stored) {
      for (const Value user : plan.users) {
        const std::set<Value>& sweeps = at(user).sweeps;
        plan.sweeps.insert(sweeps.begin(), sweeps.end());
      }
      const auto joins = [&](Value end) {
        return at(end).length < kLongest && (plan.sweeps.size() == 1 || computes_cheaply(end, v));
      };
      plan.stored = !std::all_of(plan.sweeps.begin(), plan.sweeps.end(), joins);
    }
    if (plan.stored) plan.sweeps = {v};
    for (const Value end : plan.sweeps) {
      ++at(end).length;
      at(end).operands.insert(node.inputs.begin(), node.inputs.end());
    }
  }

  /// Of views of views, the outermost counts.
  void place_view(Value v) {
    Plan& plan = at(v);
    const std::size_t parts = graph::view_parts(graph_, v).size();
    std::set<Value> ends;
    const auto takes = [&](Value user) {
      if (is_view(user)) return true;
      if (!is_pointwise(graph_[user]) || graph_.type(user) != graph_.type(v)) return false;
      ends.insert(at(user).sweeps.begin(), at(user).sweeps.end());
      return true;
    };
    plan.stored = plan.stored || plan.users.empty() || !std::all_of(plan.users.begin(), plan.users.end(), takes) ||
                  std::any_of(ends.begin(), ends.end(), [&](Value end) { return at(end).shown + parts > kMostShown; });
    if (plan.stored) return;
    for (const Value end : ends) at(end).shown += parts;
  }

  const Graph& graph_;
  std::vector<Plan> plans_;
};

/// The region of one sweep while it is being put together.
class Sweep {
 public:
  Sweep(const Graph& graph, const Partition& partition, const std::set<Value>& computed_anew)
      : graph_(graph), partition_(partition), computed_anew_(computed_anew) {}

  /// The sweep that ends with `end`: its body, and the stored values that it reads.
  Graph compute(Value end) {
    const Value made = append(end);
    body_.output("y", made);
    return body_.take();
  }
  const std::vector<Value>& operands() const { return operands_; }

 private:
  Value append(Value old) {
    std::vector<Value> inputs;
    for (const Value in : graph_[old].inputs) inputs.push_back(operand(in));
    return inside_[old] = body_.remake(graph_[old], std::move(inputs));
  }

  Value operand(Value old) {
    if (const auto it = inside_.find(old); it != inside_.end()) return it->second;
    const graph::Literal* literal = graph_.literal(old);
    if (literal && literal->size() == 1 && literal->shape().empty()) return inside_[old] = body_.constant(*literal);
    if (!partition_.is_stored(old) || computed_anew_.count(old) != 0) return append(old);
    const Value made = body_.input("v" + std::to_string(operands_.size()), graph_.type(old).shape);
    operands_.push_back(old);
    return inside_[old] = made;
  }

  const Graph& graph_;
  const Partition& partition_;
  const std::set<Value>& computed_anew_;
  graph::Builder body_;
  std::map<Value, Value> inside_;  ///< old value -> value in the body
  std::vector<Value> operands_;
};

}  // namespace

Graph fuse_pointwise(const Graph& graph, const Context&) {
  const Partition partition(graph);
  std::map<Value, Value> made;
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, const std::vector<Value>& in) -> Value {
    const Node& node = graph[old];
    const bool alone =
        std::none_of(node.inputs.begin(), node.inputs.end(), [&](Value input) { return !partition.is_stored(input); });
    // What joins another sweep is dead once that is there.
    if (!is_pointwise(node) || !partition.is_stored(old)) return made[old] = b.remake(node, in);
    const Partition::Reads reads = partition.reads(old);
    if (alone && reads.computed_anew.empty()) return made[old] = b.remake(node, in);
    Sweep sweep(graph, partition, reads.computed_anew);
    const Graph body = sweep.compute(old);
    std::vector<Value> operands;
    for (const Value operand : sweep.operands()) operands.push_back(made.at(operand));
    return made[old] = b.make("sweep", operands, {{"body", std::make_shared<const Graph>(body)}});
  });
}

}  // namespace signxai::passes
