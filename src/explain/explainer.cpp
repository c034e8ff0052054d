// The Explainer's interface: checks a call and hands it to a run, or answers what needs none.
#include "signxai/explainer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/threads.h"
#include "explain/call/run.h"
#include "explain/checks.h"
#include "explain/expanded.h"
#include "explain/explainer_impl.h"
#include "graph/text.h"
#include "signxai/error.h"

namespace signxai {

using explain::Request;

namespace {

/// Rows that a target makes of one sample.
std::int64_t rows_of(const Target& target, const graph::Network& network) {
  if (target.kind != Target::Kind::kTop && target.kind != Target::Kind::kEach) return 1;
  const int head = explain::heads_of(network, target).front();
  const Shape& shape = network.graph.type(network.calls[static_cast<std::size_t>(head)].output).shape;
  const std::int64_t all = std::max<std::int64_t>(element_count(Shape(shape.begin() + 1, shape.end())), 1);
  return target.kind == Target::Kind::kEach ? all : std::min(all, target.count);
}

}  // namespace

Explainer::Explainer(Model model, ExplainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {
  explain::check_options(impl_->options);
  if (impl_->options.max_memory > 0) impl_->cache->budget.take(explain::weight_bytes(impl_->network()));
}
Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;

const Model& Explainer::model() const { return impl_->model; }

Explanation Explainer::explain(const std::vector<TensorView>& inputs, const std::vector<MethodRequest>& requests,
                               const Target& given, const Progress& progress) const {
  const explain::Batch batch = explain::checked_batch(impl_->model, inputs);
  const Target target = explain::checked_target(given, impl_->network(), batch);
  const std::vector<methods::Resolved> resolved = impl_->resolve(requests);
  if (target.kind != Target::Kind::kTop && target.kind != Target::Kind::kEach) {
    return Run(*impl_, batch, resolved, target, impl_->runs_once(batch.samples(), resolved)).all(progress);
  }
  const Explanation scores = Run(*impl_, batch, {}, Target::max()).all({});
  const explain::Expanded expanded(impl_->network(), batch, target, scores);
  return expanded.folded(Run(*impl_, expanded.batch(), resolved, expanded.target()).all(progress), scores);
}

std::vector<Tensor> Explainer::predict(const std::vector<TensorView>& inputs) const {
  return explain(inputs, {}).outputs;
}

std::int64_t Explainer::chunk(const std::vector<Shape>& sample, const std::vector<MethodRequest>& requests,
                              const Target& target, std::int64_t samples) const {
  explain::Batch one;  // only its shapes count
  for (Shape shape : sample) {
    shape.insert(shape.begin(), 1);
    one.shapes.push_back(std::move(shape));
    one.data.push_back(nullptr);
  }
  const std::vector<methods::Resolved> resolved = impl_->resolve(requests);
  const std::int64_t rows = rows_of(target, impl_->network());
  Target plain = target;
  if (rows > 1 || target.kind == Target::Kind::kTop || target.kind == Target::Kind::kEach)
    plain.kind = Target::Kind::kIndex;
  const ThreadScope threads(impl_->options.threads);
  Run run(*impl_, one, resolved, plain, plain.kind == target.kind && impl_->runs_once(samples, resolved));
  return std::clamp<std::int64_t>(run.chunk_size(samples * rows, rows) / rows, 1, std::max<std::int64_t>(samples, 1));
}

std::vector<std::string> Explainer::map_names(const std::vector<MethodRequest>& requests) const {
  std::vector<std::string> names;
  for (const methods::Resolved& method : impl_->resolve(requests)) {
    const std::vector<int> places = method.places(impl_->network());
    for (int place : places) {
      const std::string& layer = impl_->network().calls[static_cast<std::size_t>(place)].name;
      names.push_back(places.size() > 1 ? method.name + "/" + layer : method.name);
    }
  }
  return names;
}

std::vector<MethodRequest> Explainer::applicable(const std::vector<Shape>& sample,
                                                 const std::vector<MethodRequest>& requests,
                                                 std::vector<std::pair<std::string, std::string>>* refused) const {
  Request request{{}, Target::max(), {}, impl_->options.semantics};
  for (Shape shape : sample) {
    shape.insert(shape.begin(), 1);
    request.inputs.push_back(std::move(shape));
  }
  std::vector<MethodRequest> fitting;
  for (const MethodRequest& one : requests) {
    try {
      request.methods = impl_->resolve({one});
      if (!request.methods.front().user) explain::build_graph(impl_->network(), request);
      fitting.push_back(one);
    } catch (const Error& error) {
      if (refused) refused->emplace_back(one.name, error.message());
    }
  }
  return fitting;
}

std::vector<StepTime> Explainer::profile(const std::vector<TensorView>& sample,
                                         const std::vector<MethodRequest>& requests, const Target& given,
                                         int repeats) const {
  const explain::Batch batch = explain::checked_batch(impl_->model, sample);
  const Target target = explain::checked_target(given, impl_->network(), batch);
  if (impl_->options.backend != "cpu")
    throw Error(ErrorCode::kUnsupported, "explain", "profile", "needs the cpu backend");
  const ThreadScope threads(impl_->options.threads);
  double compile_seconds = 0;
  const auto executable =
      impl_->get({batch.shapes, target, impl_->resolve_compiled(requests), impl_->options.semantics}, compile_seconds);
  const std::vector<float> targets = explain::targets_of(target, 0, batch.samples());
  executable->run(batch.data, targets);
  std::vector<runtime::StepProfile> profile;
  for (int i = 0; i < std::max(repeats, 1); ++i) executable->run(batch.data, targets, &profile);
  std::vector<StepTime> times;
  const graph::Graph& graph = executable->graph();
  for (auto& step : profile) {
    const auto middle = step.seconds.begin() + static_cast<std::ptrdiff_t>(step.seconds.size() / 2);
    std::nth_element(step.seconds.begin(), middle, step.seconds.end());
    times.push_back({graph[step.value].op->name, graph.origin(step.value), std::string(step.kernel), *middle});
  }
  return times;
}

std::vector<std::string> Explainer::layer_rules(const MethodRequest& method) const {
  return methods::layer_treatments(methods::resolve(method.name, method.parameters, impl_->options.extensions.get()),
                                   impl_->network(), reverse::Semantics::parse(impl_->options.semantics));
}

std::string Explainer::graph_text(const std::string& stage, const std::vector<MethodRequest>& requests) const {
  if (stage == "import") return graph::to_text(impl_->network().graph);
  Request request{{}, Target::max(), impl_->resolve_compiled(requests), impl_->options.semantics};
  for (const PortInfo& port : impl_->model.inputs()) {
    Shape shape = port.shape;
    if (std::any_of(shape.begin(), shape.end(), [](auto extent) { return extent < 0; })) {
      throw Error(
          ErrorCode::kInvalidArgument, "inspect", stage,
          "the network's input " + to_string(shape) + " has open extents; only the stage 'import' can be shown");
    }
    shape.insert(shape.begin(), 1);
    request.inputs.push_back(std::move(shape));
  }
  if (stage == "graph") return graph::to_text(explain::build_graph(impl_->network(), request));
  if (stage != "plan") {
    throw Error(ErrorCode::kInvalidArgument, "inspect", stage, "is not a stage; expected import, graph or plan");
  }
  double compile_seconds = 0;
  const auto executable = impl_->get(request, compile_seconds);
  const std::string steps = executable->program() ? executable->program()->describe() : "";
  return graph::to_text(executable->graph()) + steps;
}

std::vector<QuirkDescription> quirks() {
  std::vector<QuirkDescription> list;
  for (const reverse::QuirkInfo& info : reverse::quirk_table())
    list.push_back({std::string(info.id), std::string(info.effect)});
  return list;
}

std::string Explainer::instruction_set() { return cpu_path(); }

}  // namespace signxai
