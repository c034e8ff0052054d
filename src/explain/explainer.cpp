// The Explainer: checks a call, compiles or reuses executables, streams samples through them.
#include "signxai/explainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/threads.h"
#include "explain/checks.h"
#include "explain/compile.h"
#include "explain/sampled.h"
#include "graph/op.h"
#include "graph/text.h"
#include "signxai/error.h"

namespace signxai {

using explain::Compiled;
using explain::Request;

struct Explainer::Impl {
  Model model;
  ExplainerOptions options;
  backends::PackedWeights weights;
  explain::ConstantCache constants;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Compiled>> compiled;

  Impl(Model m, ExplainerOptions o) : model(std::move(m)), options(std::move(o)) {}

  const graph::Network& network() const { return *model.network(); }

  /// Adds the time of a compilation to `seconds`; nothing when the executable is there already.
  std::shared_ptr<const Compiled> get(const Request& request, double& seconds) {
    const std::lock_guard lock(mutex);
    const ThreadScope threads(options.threads);  // kernels are made for the thread count they run with
    std::shared_ptr<const Compiled>& entry = compiled[request.key()];
    if (!entry) {
      const auto start = std::chrono::steady_clock::now();
      entry = std::make_shared<const Compiled>(network(), request, options, weights, constants);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    return entry;
  }
};

namespace {

std::vector<methods::Resolved> resolve_all(const std::vector<MethodRequest>& requests) {
  std::vector<methods::Resolved> resolved;
  for (const MethodRequest& request : requests) resolved.push_back(methods::resolve(request.name, request.parameters));
  return resolved;
}

/// Copies `part` (samples first) into `whole` at sample `first`; makes `whole` on the first call.
void place(Tensor& whole, const Tensor& part, std::int64_t first, std::int64_t samples) {
  if (whole.shape.empty()) {
    Shape shape = part.shape;
    shape.front() = samples;
    whole = Tensor(shape);
  }
  const std::int64_t size = element_count(part.shape) / std::max<std::int64_t>(part.shape.front(), 1);
  std::copy(part.data.begin(), part.data.end(), whole.data.begin() + first * size);
}

/// The map of a method from its raw graph outputs.
Tensor finished(const methods::Resolved& method, std::vector<Tensor> raw, const Shape& sample_shape) {
  if (!method.def->finish) return std::move(raw.front());
  const methods::Finish finish = method.def->finish(method.parameters);
  const std::int64_t samples = raw.front().shape.front();
  Tensor whole;
  for (std::int64_t n = 0; n < samples; ++n) {
    std::vector<Tensor> one;
    for (const Tensor& tensor : raw) one.push_back(explain::sample_of(tensor, n));
    Tensor map = finish(one, sample_shape);
    map.shape.insert(map.shape.begin(), 1);
    place(whole, map, n, samples);
  }
  return whole;
}

std::vector<std::int64_t> explained_targets(const Target& target, const Tensor& logits) {
  const std::int64_t samples = logits.shape.front(), size = element_count(logits.shape) / samples;
  std::vector<std::int64_t> targets;
  for (std::int64_t n = 0; n < samples; ++n) {
    const float* row = logits.data.data() + n * size;
    if (target.kind == Target::Kind::kAll) targets.push_back(-1);
    if (target.kind == Target::Kind::kMax) targets.push_back(std::max_element(row, row + size) - row);
    if (target.kind == Target::Kind::kIndex) targets.push_back(explain::target_of(target, n));
  }
  return targets;
}

}  // namespace

Explainer::Explainer(Model model, ExplainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {
  explain::check_options(impl_->options);
  explain::check_supported(impl_->network());
}
Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;

const Model& Explainer::model() const { return impl_->model; }

Explanation Explainer::explain(const TensorView& inputs, const std::vector<MethodRequest>& requests,
                               const Target& target,
                               const std::function<bool(std::int64_t, std::int64_t)>& progress) const {
  Impl& impl = *impl_;
  const Shape batch = explain::checked_batch(impl.model, inputs);
  const std::int64_t samples = batch.front();
  explain::check_target(target, impl.model, samples);
  const std::vector<methods::Resolved> resolved = resolve_all(requests);
  const Shape sample_shape(batch.begin() + 1, batch.end());
  const std::int64_t sample_size = element_count(sample_shape);

  std::vector<methods::Resolved> joint;
  for (const auto& method : resolved) {
    if (!method.def->sampling) joint.push_back(method);
  }
  Explanation result;
  for (const auto& method : resolved) result.maps.push_back({method.name, {}, method.notes(impl.network())});
  const ThreadScope threads(impl.options.threads);
  const DenormalScope denormals;
  const std::int64_t chunk = explain::chunk_size(impl.network(), impl.options, batch);
  const auto begin = std::chrono::steady_clock::now();
  Tensor logits;
  for (std::int64_t first = 0; first < samples; first += chunk) {
    const std::int64_t count = std::min(chunk, samples - first);
    Shape shape = batch;
    shape.front() = count;
    const auto executable = impl.get({shape, target.kind, joint}, result.compile_seconds);
    const float* data = inputs.data + first * sample_size;
    std::vector<Tensor> outputs = executable->run(data, explain::targets_of(target, first, count));
    place(logits, outputs[0], first, samples);
    place(result.outputs, outputs[1], first, samples);
    std::size_t next = 2, joint_index = 0;
    for (std::size_t m = 0; m < resolved.size(); ++m) {
      Tensor& map = result.maps[m].map;
      if (resolved[m].def->sampling) {
        const auto compile = [&](const Request& request) { return impl.get(request, result.compile_seconds); };
        place(map, explain::sampled(resolved[m], shape, data, target, first, chunk, compile), first, samples);
        continue;
      }
      const std::size_t values = executable->value_counts()[joint_index++];
      std::vector<Tensor> raw(std::make_move_iterator(outputs.begin() + static_cast<std::ptrdiff_t>(next)),
                              std::make_move_iterator(outputs.begin() + static_cast<std::ptrdiff_t>(next + values)));
      next += values;
      place(map, finished(resolved[m], std::move(raw), sample_shape), first, samples);
    }
    if (progress && !progress(first + count, samples)) throw Error(ErrorCode::kCancelled, "explain", "", "stopped by the caller");
  }
  result.targets = explained_targets(target, logits);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() - result.compile_seconds;
  return result;
}

Tensor Explainer::predict(const TensorView& inputs) const { return explain(inputs, {}).outputs; }

std::vector<StepTime> Explainer::profile(const TensorView& sample, const std::vector<MethodRequest>& requests,
                                         const Target& target, int repeats) const {
  const Shape batch = explain::checked_batch(impl_->model, sample);
  explain::check_target(target, impl_->model, batch.front());
  if (impl_->options.backend != "cpu") throw Error(ErrorCode::kUnsupported, "explain", "profile", "needs the cpu backend");
  const ThreadScope threads(impl_->options.threads);
  const DenormalScope denormals;
  double compile_seconds = 0;
  const auto executable = impl_->get({batch, target.kind, resolve_all(requests)}, compile_seconds);
  const std::vector<float> targets = explain::targets_of(target, 0, batch.front());
  executable->run(sample.data, targets);
  std::vector<runtime::StepProfile> profile;
  for (int i = 0; i < std::max(repeats, 1); ++i) executable->run(sample.data, targets, &profile);
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
  return methods::layer_treatments(methods::resolve(method.name, method.parameters), impl_->network());
}

std::string Explainer::graph_text(const std::string& stage, const std::vector<MethodRequest>& requests) const {
  if (stage == "import") return graph::to_text(impl_->network().graph);
  Shape shape = impl_->model.sample_shape();
  shape.insert(shape.begin(), 1);
  if (std::any_of(shape.begin(), shape.end(), [](auto extent) { return extent < 0; })) {
    throw Error(ErrorCode::kInvalidArgument, "inspect", stage,
                "the network's input " + to_string(shape) + " has open extents; only the stage 'import' can be shown");
  }
  const Request request{shape, Target::Kind::kMax, resolve_all(requests)};
  if (stage == "graph") return graph::to_text(explain::build_graph(impl_->network(), request));
  if (stage != "plan") {
    throw Error(ErrorCode::kInvalidArgument, "inspect", stage, "is not a stage; expected import, graph or plan");
  }
  double compile_seconds = 0;
  const auto executable = impl_->get(request, compile_seconds);
  const std::string steps = executable->program() ? executable->program()->describe() : "";
  return graph::to_text(executable->graph()) + steps;
}

std::string Explainer::instruction_set() { return cpu_path(); }

}  // namespace signxai
