// From methods to a program.
#include "explain/compile.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/reference/evaluate.h"
#include "graph/rewrite.h"
#include "passes/passes.h"
#include "passes/plan_memory.h"

namespace signxai::explain {
namespace {

using graph::Value;

std::string printed(const ParameterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* list = std::get_if<std::vector<double>>(&value)) return fmt::format("[{}]", fmt::join(*list, ","));
  return fmt::format("[{}]", fmt::join(std::get<std::vector<std::string>>(value), ","));
}

reverse::Selection selection_of(graph::Builder& builder, const graph::Network& bound, const Request& request) {
  const std::vector<int> heads = heads_of(bound, request.target);
  switch (request.target.kind) {
    case Target::Kind::kAll: return reverse::Selection::all();
    case Target::Kind::kExpression:
      return reverse::Selection::weighted(reverse::Expression::parse(request.target.expression));
    case Target::Kind::kIndex:
      return reverse::Selection::index(builder.input("targets", {request.inputs.front().front()}));
    case Target::Kind::kWeights: {
      const Shape& shape = bound.graph.type(bound.calls[static_cast<std::size_t>(heads.front())].output).shape;
      return reverse::Selection::weighted(
          builder.input("targets", {shape.front(), element_count(shape) / shape.front()}));
    }
    default: break;
  }
  const reverse::Semantics semantics = reverse::Semantics::parse(request.semantics);
  if (!semantics.fixes(reverse::Quirk::kMixedNeurons) || heads.size() != 1) return reverse::Selection::max();
  // The neuron is found once, so that no rule takes the maximum of another quantity (SEMANTICS Q1).
  const Value flat = builder.reshape(bound.calls[static_cast<std::size_t>(heads.front())].output, {0, -1});
  return reverse::Selection::index(builder.make("argmax", {flat}, {{"axis", std::int64_t{1}}}));
}

/// The heads that were left out, applied to the logits.
std::vector<Value> scores_of(graph::Builder& builder, const graph::Network& network, const std::vector<Value>& logits) {
  if (network.probabilities.outputs().empty()) return logits;
  const graph::Graph& head = network.probabilities;
  std::size_t next = 0;
  const auto map = graph::copy_graph(head, builder, [&](graph::Builder&, Value old, const auto&) {
    return head[old].is("input") ? logits[next++] : Value{};
  });
  std::vector<Value> scores;
  for (const graph::Output& out : head.outputs()) scores.push_back(map[static_cast<std::size_t>(out.value.id)]);
  return scores;
}

/// Adds the graph outputs of one method: a slot for each of its places.
void add_method(const methods::Resolved& method, std::size_t index, methods::MethodSite site,
                std::vector<Slot>& slots) {
  site.start = method.begin(site.network, site.start);
  const std::vector<int> places = method.places(site.network);
  for (int place : places) {
    site.place = place;
    reverse::QuirkSet touched = 0;
    site.start.semantics.touched = &touched;
    reverse::Ledger ledger;
    site.start.ledger = method.ledger && place == places.front() ? &ledger : nullptr;
    const std::vector<Value> values = method.build(site);
    Slot slot{index, places.size() > 1 ? site.call().name : "", site.builder.shape(site.input()), values.size(),
              touched};
    for (Value value : values) site.builder.output(fmt::format("#{} {}", slots.size(), method.name), value);
    if (site.start.ledger) {
      for (const auto& row : ledger.rows()) slot.ledger.push_back(row.call);
      site.builder.output("ledger", ledger.table(site.builder, slot.shape.front()));
    }
    slots.push_back(std::move(slot));
  }
}

}  // namespace

std::string Request::key() const {
  std::string key =
      fmt::format("{}|{}|{}|{}", static_cast<int>(target.kind), target.expression, target.output, semantics);
  if (embedded) key += "|embedded";
  if (runs_once) key += "|once";
  for (const Shape& shape : inputs) key += fmt::format("|{}", fmt::join(shape, ","));
  for (const methods::Resolved& method : methods) {
    key += "|" + method.name;
    if (method.ledger) key += ";ledger";
    for (const auto& [name, value] : method.parameters) key += fmt::format(";{}={}", name, printed(value));
  }
  return key;
}

std::vector<int> heads_of(const graph::Network& network, const Target& target) {
  if (!target.output.empty()) {
    for (std::size_t i = 0; i < network.outputs.size(); ++i) {
      if (network.graph.outputs()[i].name == target.output) return {network.outputs[i]};
    }
  }
  std::vector<int> heads;
  for (int output : network.outputs) {
    const bool again = std::find(heads.begin(), heads.end(), output) != heads.end();
    if (!again && network.successors(output).empty()) heads.push_back(output);
  }
  return heads;
}

graph::Graph build_graph(const graph::Network& network, const Request& request, std::vector<Slot>* slots) {
  const graph::Network bound = graph::bind(network, request.inputs);
  graph::Builder builder(bound.graph);
  builder.clear_outputs();
  reverse::Start start;
  start.selection = selection_of(builder, bound, request);
  start.heads = heads_of(bound, request.target);
  start.semantics = reverse::Semantics::parse(request.semantics);
  std::vector<Value> logits;
  for (const graph::Output& out : bound.graph.outputs()) logits.push_back(out.value);
  const std::vector<Value> scores = scores_of(builder, bound, logits);
  for (Value value : logits) builder.output("logits", value);
  for (Value value : scores) builder.output("scores", value);
  std::vector<Slot> made;
  const methods::MethodSite site{builder, bound, start, 0};
  for (std::size_t i = 0; i < request.methods.size(); ++i) add_method(request.methods[i], i, site, made);
  if (slots) *slots = std::move(made);
  return builder.take();
}

Compiled::Compiled(const graph::Network& network, const Request& request, const ExplainerOptions& options,
                   ModelCache& cache, const std::shared_ptr<runtime::ArenaPool>& arenas)
    : source_(build_graph(network, request, &slots_)) {
  if (options.backend == "reference") return;
  passes::Context context;
  context.disabled = {options.disabled_passes.begin(), options.disabled_passes.end()};
  context.precision = options.precision;
  context.memory_is_limited = options.max_memory > 0;
  context.evaluate = [&](const graph::Node& node, const auto& inputs) { return cache.constants.get(node, inputs); };
  program_ = std::make_unique<runtime::Program>(passes::optimise(std::move(source_), context), cache.weights, arenas,
                                                request.runs_once);
  source_ = {};
  cache.constants.prune();
}

std::int64_t Compiled::working_bytes() const {
  if (program_) return static_cast<std::int64_t>(program_->arena_bytes());
  std::size_t bytes = 0;  // the reference backend keeps every value in double precision
  for (std::int32_t i = 0; i < source_.size(); ++i) bytes += 2 * passes::bytes_of(source_.type(Value{i}));
  return static_cast<std::int64_t>(bytes);
}

std::int64_t Compiled::data_bytes() const {
  std::size_t bytes = 0;
  for (Value in : graph().inputs()) bytes += passes::bytes_of(graph().type(in));
  for (const graph::Output& out : graph().outputs()) bytes += passes::bytes_of(graph().type(out.value));
  return static_cast<std::int64_t>(bytes);
}

std::vector<Tensor> Compiled::interpret(const std::vector<const float*>& sources) const {
  std::vector<Tensor> arrays;
  for (Value in : source_.inputs()) {
    Tensor tensor(source_.type(in).shape);
    std::copy_n(sources[arrays.size()], tensor.data.size(), tensor.data.begin());
    arrays.push_back(std::move(tensor));
  }
  return reference::evaluate(source_, std::span<const Tensor>(arrays));
}

std::vector<Tensor> Compiled::run(const std::vector<const float*>& inputs, const std::vector<float>& targets,
                                  std::vector<runtime::StepProfile>* profile) const {
  std::vector<const float*> sources = inputs;
  if (graph().inputs().size() > inputs.size()) sources.push_back(targets.data());
  if (!program_) return interpret(sources);
  std::vector<Tensor> results;
  std::vector<float*> addresses;
  for (const graph::Output& out : graph().outputs()) results.emplace_back(graph().type(out.value).shape);
  for (Tensor& tensor : results) addresses.push_back(tensor.data.data());
  program_->run(sources, addresses, profile);
  return results;
}

}  // namespace signxai::explain
