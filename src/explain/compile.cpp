// From methods to a program.
#include "explain/compile.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/reference/evaluate.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::explain {
namespace {

using graph::Value;

std::string printed(const ParameterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* list = std::get_if<std::vector<double>>(&value)) return fmt::format("[{}]", fmt::join(*list, ","));
  return fmt::format("[{}]", fmt::join(std::get<std::vector<std::string>>(value), ","));
}

reverse::Selection selection_of(graph::Builder& builder, const Request& request) {
  switch (request.target) {
    case Target::Kind::kMax: return reverse::Selection::max();
    case Target::Kind::kAll: return reverse::Selection::all();
    case Target::Kind::kIndex: break;
  }
  return reverse::Selection::index(builder.input("targets", {request.input.front()}));
}

/// The head that was left out, applied to the logits.
Value scores_of(graph::Builder& builder, const graph::Network& network, Value logits) {
  if (network.probabilities.outputs().empty()) return logits;
  const graph::Graph& head = network.probabilities;
  const auto map = graph::copy_graph(head, builder, [&](graph::Builder&, Value old, const auto&) {
    return head[old].is("input") ? logits : Value{};
  });
  return map[static_cast<std::size_t>(head.outputs().front().value.id)];
}

std::vector<std::size_t> count_values(const graph::Graph& graph, std::size_t methods) {
  std::vector<std::size_t> counts(methods, 0);
  for (const graph::Output& out : graph.outputs()) {
    if (out.name.front() == '#') ++counts[static_cast<std::size_t>(std::stoul(out.name.substr(1)))];
  }
  return counts;
}

}  // namespace

std::string Request::key() const {
  std::string key = fmt::format("{}|{}", fmt::join(input, ","), static_cast<int>(target));
  for (const methods::Resolved& method : methods) {
    key += "|" + method.name;
    for (const auto& [name, value] : method.parameters) key += fmt::format(";{}={}", name, printed(value));
  }
  return key;
}

graph::Graph build_graph(const graph::Network& network, const Request& request) {
  const graph::Network bound = graph::bind(network, {request.input});
  graph::Builder builder(bound.graph);
  builder.clear_outputs();
  const methods::MethodSite site{builder, bound, selection_of(builder, request), request.target == Target::Kind::kMax,
                                 request.target == Target::Kind::kAll};
  const Value logits = site.output();
  builder.output("logits", logits);
  builder.output("scores", scores_of(builder, bound, logits));
  for (std::size_t i = 0; i < request.methods.size(); ++i) {
    for (Value value : request.methods[i].build(site)) builder.output(fmt::format("#{} {}", i, request.methods[i].name), value);
  }
  return builder.take();
}

Compiled::Compiled(const graph::Network& network, const Request& request, const ExplainerOptions& options,
                   backends::PackedWeights& weights, ConstantCache& constants)
    : source_(build_graph(network, request)), value_counts_(count_values(source_, request.methods.size())) {
  if (options.backend == "reference") return;
  passes::Context context;
  context.disabled = {options.disabled_passes.begin(), options.disabled_passes.end()};
  context.evaluate = [&](const graph::Node& node, const auto& inputs) { return constants.get(node, inputs); };
  program_ = std::make_unique<runtime::Program>(passes::optimise(std::move(source_), context), weights);
  source_ = {};
  constants.prune();
}

std::vector<Tensor> Compiled::interpret(const float* inputs, const std::vector<float>& targets) const {
  std::vector<Tensor> arrays;
  for (Value in : source_.inputs()) {
    Tensor tensor(source_.type(in).shape);
    const float* data = arrays.empty() ? inputs : targets.data();
    std::copy_n(data, tensor.data.size(), tensor.data.begin());
    arrays.push_back(std::move(tensor));
  }
  return reference::evaluate(source_, std::span<const Tensor>(arrays));
}

std::vector<Tensor> Compiled::run(const float* inputs, const std::vector<float>& targets,
                                  std::vector<runtime::StepProfile>* profile) const {
  if (!program_) return interpret(inputs, targets);
  std::vector<Tensor> results;
  std::vector<float*> addresses;
  for (const graph::Output& out : graph().outputs()) results.emplace_back(graph().type(out.value).shape);
  for (Tensor& tensor : results) addresses.push_back(tensor.data.data());
  std::vector<const float*> sources = {inputs};
  if (graph().inputs().size() > 1) sources.push_back(targets.data());
  program_->run(sources, addresses, profile);
  return results;
}

}  // namespace signxai::explain
