// Derivatives that carry relevance, and what a layer is made of.
#include "rules/inner/detached.h"

#include <algorithm>
#include <map>
#include <memory>

#include "graph/ops/scan.h"

namespace signxai::rules {
namespace {

using graph::Builder;
using graph::Flow;
using graph::Graph;
using graph::Node;
using graph::PullBackArgs;
using graph::Value;
using Shares = std::vector<std::pair<Value, Value>>;

/// Nearer to zero than this f(x) / x is taken to be the derivative: a quotient of two small numbers is rounded too
/// coarsely, and is undefined at 0.
constexpr double kNearZero = 1e-4;

std::vector<Value> flowing_inputs(const Graph& graph, const Flow& flow, Value value) {
  const Node& node = graph[value];
  std::vector<Value> inputs;
  for (std::size_t i = node.is("select") ? 1 : 0; i < node.inputs.size(); ++i) {
    if (flow.through(node.inputs[i])) inputs.push_back(node.inputs[i]);
  }
  return inputs;
}

/// Which single values a value is a function of, element by element.
class Functions {
 public:
  Functions(const Graph& graph, const Flow& flow) : graph_(graph), flow_(flow) {}

  /// The nearest value that alone determines `value`, element by element; invalid where there is none.
  Value argument(Value value) {
    const auto known = arguments_.find(value);
    if (known != arguments_.end()) return known->second;
    return arguments_[value] = find(value);
  }

 private:
  Value find(Value value) {
    const Node& node = graph_[value];
    if (node.op->kind != graph::OpKind::kPointwise || flow_.ends_at(value)) return {};
    const std::vector<Value> inputs = flowing_inputs(graph_, flow_, value);
    const bool aligned = std::all_of(inputs.begin(), inputs.end(),
                                     [&](Value input) { return graph_.type(input).shape == node.type.shape; });
    if (inputs.empty() || !aligned) return {};
    for (Value shared = inputs.front(); shared; shared = argument(shared)) {
      if (std::all_of(inputs.begin(), inputs.end(), [&](Value input) { return depends_on(input, shared); }))
        return shared;
    }
    return {};
  }

  bool depends_on(Value value, Value argument_of_it) {
    for (; value; value = argument(value)) {
      if (value == argument_of_it) return true;
    }
    return false;
  }

  const Graph& graph_;
  const Flow& flow_;
  std::map<Value, Value> arguments_;
};

/// Whether the node is affine in its one input that something flows through, or its derivative is y / x anyway.
bool is_affine(const Node& node, const std::vector<Value>& flowing) {
  if (flowing.size() != 1) return false;
  if (node.is("div") || node.is("safe_div")) return node.inputs[0] == flowing.front();
  for (const char* op : {"add", "sub", "mul", "neg", "select", "relu", "abs"}) {
    if (node.is(op)) return true;
  }
  return false;
}

/// The argument of a curve: of a node that is a function of one value and not affine in it.
Value argument_of_curve(const Graph& graph, const Flow& flow, Value value) {
  const Node& node = graph[value];
  if (node.op->kind != graph::OpKind::kPointwise || is_affine(node, flowing_inputs(graph, flow, value))) return {};
  return Functions(graph, flow).argument(value);
}

/// The exponentials of a softmax e / sum e; invalid for other quotients.
Value exponentials_of(const Graph& graph, const Node& node) {
  if (!node.is("div")) return {};
  const Node& sum = graph[node.inputs[1]];
  const bool over_itself =
      sum.is("reduce_sum") && sum.inputs[0] == node.inputs[0] && sum.attrs.integer("keep_dims") == 1;
  return over_itself && graph[node.inputs[0]].is("exp") ? node.inputs[0] : Value{};
}

/// R_x = R_y: a cotangent times y / x.
Shares through_curve(const PullBackArgs& args, Value x) {
  Builder& b = args.builder;
  const Value one = b.broadcast(b.constant(1.0), Shape(b.shape(args.result)));
  const Value slope = graph::pull_back(b, args.result, one, {x}).front();
  const Value near = b.make("less", {b.unary("abs", x), b.constant(kNearZero)});
  const Value steepness = b.safe_div(args.result, x);
  return {{x, b.mul(args.cotangent, slope ? b.select(near, slope, steepness) : steepness)}};
}

/// The derivative. What exponents have been made smaller by, so that they do not overflow, does not change the result.
Shares through_softmax(const PullBackArgs& args, Value exponentials) {
  Builder& b = args.builder;
  const Value weighted = b.mul(args.cotangent, args.result);
  const graph::Ints axes = b[args.node.inputs[1]].attrs.ints("axes");
  const Value share = b.sub(weighted, b.mul(args.result, b.reduce("reduce_sum", weighted, axes, true)));
  const Value exponents = b[exponentials].inputs[0];
  const Node shift = b[exponents];
  const bool shifted =
      shift.is("sub") && b[shift.inputs[1]].is("reduce_max") && b[shift.inputs[1]].inputs[0] == shift.inputs[0];
  return {{shifted ? shift.inputs[0] : exponents, share}};
}

/// The node's own derivative for the inputs that are asked for.
Shares own(PullBackArgs args, std::vector<bool> wanted) {
  const auto needed = std::make_unique<bool[]>(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) needed[i] = wanted[i] && args.needed[i];
  args.needed = {needed.get(), wanted.size()};
  const std::vector<Value> made = args.node.op->pull_back(args);
  Shares shares;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] && needed[i]) shares.emplace_back(args.node.inputs[i], made[i]);
  }
  return shares;
}

Shares halves(PullBackArgs args) {
  args.cotangent = args.builder.mul(args.cotangent, args.builder.constant(0.5));
  return own(args, {true, true});
}

/// Cells write their products with the gate in front.
class InRecurrence : public Detached {
 protected:
  int gate_of(const PullBackArgs&) const override { return 0; }
};

bool is_recurrence(const Node& node) { return node.is("scan") && node.attrs.integer("carries") > 0; }

}  // namespace

int Detached::gate_of(const PullBackArgs& args) const {
  const bool first = args.builder[args.node.inputs[0]].is("sigmoid"),
             second = args.builder[args.node.inputs[1]].is("sigmoid");
  return first == second ? -1 : second ? 1 : 0;
}

std::optional<Shares> Detached::shares(const PullBackArgs& args, const Flow& flow) const {
  static const InRecurrence in_recurrence;
  const Node& node = args.node;
  if (is_recurrence(node)) {
    PullBackArgs inner = args;
    inner.derivative = &in_recurrence;
    return own(inner, std::vector<bool>(node.inputs.size(), true));
  }
  if (const Value x = argument_of_curve(args.builder.graph(), flow, args.result)) return through_curve(args, x);
  if (node.inputs.size() != 2 || !args.needed[0] || !args.needed[1]) return std::nullopt;
  if (node.is("matmul")) return halves(args);
  if (node.is("mul")) {
    const int gate = gate_of(args);
    return gate < 0 ? halves(args) : own(args, {gate != 0, gate != 1});
  }
  if (!node.is("div") && !node.is("safe_div")) return std::nullopt;
  if (const Value exponentials = exponentials_of(args.builder.graph(), node))
    return through_softmax(args, exponentials);
  return own(args, {true, false});
}

namespace {

/// Looks at the operations between a target and the values it comes from.
class PartsFinder {
 public:
  PartsFinder(const Graph& graph, Value target, const std::vector<Value>& sources)
      : graph_(graph),
        target_(target),
        reaches_(graph::differentiable_dependents(graph, target.id, sources)),
        flow_{sources, reaches_} {}

  Parts run() {
    std::vector<Value> open = {target_};
    while (!open.empty()) {
      const Value value = open.back();
      open.pop_back();
      if (!flow_.through(value) || flow_.ends_at(value) || !seen_.emplace(value, true).second) continue;
      for (Value next : look(value)) open.push_back(next);
    }
    return parts_;
  }

 private:
  /// Enters what the node does; gives the values to look at next.
  std::vector<Value> look(Value value) {
    const Node& node = graph_[value];
    const std::vector<Value> inputs = flowing_inputs(graph_, flow_, value);
    if (node.is("scan")) {
      enter_region(node);
      return inputs;
    }
    if (const Value x = argument_of_curve(graph_, flow_, value)) {
      parts_.curve = true;
      return {x};
    }
    const bool several = inputs.size() > 1;
    if (exponentials_of(graph_, node)) {
      parts_.softmax = true;
    } else if (node.is("div") || node.is("safe_div")) {
      parts_.divisor = parts_.divisor || several;
      return {node.inputs[0]};
    } else if (node.is("mul") || node.is("matmul")) {
      parts_.product = parts_.product || several;
      parts_.sum = parts_.sum || (node.is("matmul") && !several);
    } else if (sums(node, several)) {
      parts_.sum = true;
    }
    return inputs;
  }

  /// Whether the node adds up several values; extents of 1 are no sums.
  bool sums(const Node& node, bool several) const {
    if (node.is("add") || node.is("sub")) return several;
    if (node.is("reduce_sum") || node.is("reduce_mean")) {
      const Shape &from = graph_.type(node.inputs[0]).shape, &to = node.type.shape;
      return element_count(from) != element_count(to);
    }
    return node.op->kind == graph::OpKind::kLinear || node.is("avg_pool");
  }

  void enter_region(const Node& node) {
    if (is_recurrence(node)) {
      parts_.recurrence = true;
      return;
    }
    const Graph& body = node.attrs.region("body");
    for (const graph::Output& out : body.outputs()) {
      const Parts inner = parts_of(body, out.value, body.inputs());
      parts_ = {parts_.recurrence || inner.recurrence, parts_.softmax || inner.softmax, parts_.product || inner.product,
                parts_.divisor || inner.divisor,       parts_.sum || inner.sum,         parts_.curve || inner.curve};
    }
  }

  const Graph& graph_;
  Value target_;
  std::vector<bool> reaches_;
  Flow flow_;
  std::map<Value, bool> seen_;
  Parts parts_;
};

}  // namespace

Parts parts_of(const Graph& graph, Value target, const std::vector<Value>& sources) {
  return PartsFinder(graph, target, sources).run();
}

}  // namespace signxai::rules
