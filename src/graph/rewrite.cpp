// Copying, replaying and differentiating graphs.
#include "graph/rewrite.h"

#include <algorithm>
#include <map>
#include <memory>

namespace signxai::graph {
namespace {

std::size_t index_of(Value v) { return static_cast<std::size_t>(v.id); }

std::vector<bool> reachable(const Graph& graph) {
  std::vector<bool> alive(static_cast<std::size_t>(graph.size()), false);
  for (const Output& out : graph.outputs()) alive[index_of(out.value)] = true;
  for (Value in : graph.inputs()) alive[index_of(in)] = true;  // the calling convention of a graph stays as it is
  for (std::int32_t i = graph.size(); i-- > 0;) {
    if (!alive[static_cast<std::size_t>(i)]) continue;
    for (Value in : graph[Value{i}].inputs) alive[index_of(in)] = true;
  }
  return alive;
}

std::vector<Value> copy(const Graph& from, Builder& builder, const Replace& replace, const std::vector<bool>* alive) {
  std::vector<Value> map(static_cast<std::size_t>(from.size()));
  for (std::int32_t i = 0; i < from.size(); ++i) {
    if (alive && !(*alive)[static_cast<std::size_t>(i)]) continue;
    const Node& node = from[Value{i}];
    std::vector<Value> inputs;
    for (Value in : node.inputs) inputs.push_back(map[index_of(in)]);
    builder.set_origin(from.origin(Value{i}));
    Value made = replace ? replace(builder, Value{i}, inputs) : Value{};
    map[static_cast<std::size_t>(i)] = made ? made : builder.remake(node, std::move(inputs));
  }
  return map;
}

/// Which values up to `last` depend on one of `sources`.
std::vector<bool> dependents(const Graph& graph, std::int32_t last, const std::vector<Value>& sources) {
  std::vector<bool> depends(static_cast<std::size_t>(last) + 1, false);
  for (std::int32_t i = 0; i <= last; ++i) {
    const auto& inputs = graph[Value{i}].inputs;
    depends[static_cast<std::size_t>(i)] =
        std::find(sources.begin(), sources.end(), Value{i}) != sources.end() ||
        std::any_of(inputs.begin(), inputs.end(), [&](Value in) { return depends[index_of(in)]; });
  }
  return depends;
}

/// What `target` is computed from, not looking behind `sources`.
std::vector<bool> ancestors(const Graph& graph, Value target, const std::vector<Value>& sources) {
  std::vector<bool> needed(index_of(target) + 1, false);
  needed[index_of(target)] = true;
  for (std::int32_t i = target.id; i >= 0; --i) {
    const Value value{i};
    if (!needed[index_of(value)] || std::find(sources.begin(), sources.end(), value) != sources.end()) continue;
    for (Value in : graph[value].inputs) needed[index_of(in)] = true;
  }
  return needed;
}

/// What has arrived at each value so far. Tuples collect per member: a `get` hands its share to one of them.
class Cotangents {
 public:
  explicit Cotangents(Builder& builder) : builder_(builder) {}

  void add(Value value, Value share) { join(single_[value], share); }
  void add_member(Value tuple, std::size_t index, Value share) {
    auto& members = members_[tuple];
    members.resize(builder_[tuple].type.elements.size());
    join(members[index], share);
  }
  bool reached(Value value) const { return single_.count(value) != 0 || members_.count(value) != 0; }
  Value of(Value value) const {
    const auto it = single_.find(value);
    return it == single_.end() ? Value{} : it->second;
  }
  std::vector<Value> members(Value tuple) const {
    const auto it = members_.find(tuple);
    return it == members_.end() ? std::vector<Value>{} : it->second;
  }

 private:
  void join(Value& sum, Value share) { sum = sum ? builder_.add(sum, share) : share; }

  Builder& builder_;
  std::map<Value, Value> single_;
  std::map<Value, std::vector<Value>> members_;
};

struct Pull {
  Builder& builder;
  const Flow& flow;
  const Derivative* derivative;
  Cotangents& cotangents;
};

void pull_through(const Pull& pull, Value value) {
  const Node node = pull.builder[value];
  Cotangents& cotangents = pull.cotangents;
  const Value incoming = cotangents.of(value);
  if (node.is("get")) {
    cotangents.add_member(node.inputs[0], static_cast<std::size_t>(node.attrs.integer("index")), incoming);
    return;
  }
  if (!node.op->pull_back) return;
  const auto needed = std::make_unique<bool[]>(node.inputs.size());
  for (std::size_t k = 0; k < node.inputs.size(); ++k) needed[k] = pull.flow.through(node.inputs[k]);
  const auto members = cotangents.members(value);
  const PullBackArgs args{pull.builder, node,           value, incoming, {needed.get(), node.inputs.size()},
                          members,      pull.derivative};
  if (const auto given = pull.derivative ? pull.derivative->shares(args, pull.flow) : std::nullopt) {
    for (const auto& [to, share] : *given) cotangents.add(to, share);
    return;
  }
  const auto shares = node.op->pull_back(args);
  for (std::size_t k = 0; k < shares.size(); ++k) {
    if (shares[k] && needed[k]) cotangents.add(node.inputs[k], shares[k]);
  }
}

}  // namespace

std::vector<bool> differentiable_dependents(const Graph& graph, std::int32_t last, const std::vector<Value>& sources) {
  std::vector<bool> depends(static_cast<std::size_t>(last) + 1, false);
  for (Value source : sources) {
    if (source.id <= last) depends[index_of(source)] = true;
  }
  for (std::int32_t i = 0; i <= last; ++i) {
    const Node& node = graph[Value{i}];
    if (!node.op->pull_back && !node.is("get")) continue;
    const auto first = node.inputs.begin() + (node.is("select") ? 1 : 0);  // not its condition
    const bool reached = std::any_of(first, node.inputs.end(), [&](Value in) { return depends[index_of(in)]; });
    if (reached) depends[static_cast<std::size_t>(i)] = true;
  }
  return depends;
}

std::vector<Value> copy_graph(const Graph& from, Builder& builder, const Replace& replace) {
  return copy(from, builder, replace, nullptr);
}

Graph rewrite(const Graph& graph, const Replace& replace) {
  Builder builder;
  const auto alive = reachable(graph);
  const auto map = copy(graph, builder, replace, &alive);
  for (const Output& out : graph.outputs()) builder.output(out.name, map[index_of(out.value)]);
  const Graph made = builder.take();
  const auto used = reachable(made);
  return std::count(used.begin(), used.end(), true) == made.size() ? made : rewrite(made, {});
}

Value replay(Builder& builder, Value target, const std::vector<std::pair<Value, Value>>& substitute) {
  std::vector<Value> sources;
  std::map<Value, Value> map(substitute.begin(), substitute.end());
  for (const auto& [from, to] : substitute) sources.push_back(from);
  const auto depends = dependents(builder.graph(), target.id, sources);
  const auto needed = ancestors(builder.graph(), target, sources);
  for (std::int32_t i = 0; i <= target.id; ++i) {
    const Value old{i};
    if (!depends[index_of(old)] || !needed[index_of(old)] || map.count(old)) continue;
    const Node node = builder[old];
    std::vector<Value> inputs;
    for (Value in : node.inputs) inputs.push_back(map.count(in) ? map.at(in) : in);
    map[old] = builder.remake(node, std::move(inputs));
  }
  return map.count(target) ? map.at(target) : target;
}

bool Flow::ends_at(Value value) const { return std::find(sources.begin(), sources.end(), value) != sources.end(); }

std::vector<Value> pull_back(Builder& builder, Value output, Value cotangent, const std::vector<Value>& wrt,
                             const Derivative* derivative) {
  return pull_back(builder, {{output, cotangent}}, wrt, derivative);
}

std::vector<Value> pull_back(Builder& builder, const std::vector<std::pair<Value, Value>>& seeds,
                             const std::vector<Value>& wrt, const Derivative* derivative) {
  Value last;
  for (const auto& seed : seeds) last = std::max(last, seed.first);
  const auto depends =
      derivative ? differentiable_dependents(builder.graph(), last.id, wrt) : dependents(builder.graph(), last.id, wrt);
  const Flow flow{wrt, depends};
  Cotangents cotangents(builder);
  for (const auto& [output, cotangent] : seeds) cotangents.add(output, cotangent);
  for (std::int32_t i = last.id; i >= 0; --i) {
    const Value value{i};
    if (!cotangents.reached(value) || !flow.through(value)) continue;
    if (!flow.ends_at(value)) pull_through({builder, flow, derivative, cotangents}, value);
  }
  std::vector<Value> result;
  for (Value v : wrt) result.push_back(cotangents.of(v));
  return result;
}

}  // namespace signxai::graph
