// `signxai bench`: time of methods on this machine, next to the time of their convolutions and matrix products alone.
#include <algorithm>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "console.h"
#include "options.h"
#include "signxai/error.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct BenchOptions {
  ModelOptions model;
  MethodOptions methods;
  ComputeOptions compute;
  std::vector<std::int64_t> shape;
  std::int64_t samples = 0;
  int repeats = 20, steps = 0;
  bool json = false, together = false;
};

struct Timing {
  std::string method;
  std::int64_t together = 1;  ///< samples that are computed together
  double seconds = 0;         ///< median of warm calls
  double kernel_seconds = 0;  ///< convolutions and matrix products alone, in one run
  double first_seconds = 0;   ///< the first call, compilation included
  std::vector<StepTime> steps;
  double ratio() const { return kernel_seconds > 0 ? seconds / kernel_seconds : 0; }
};

bool is_kernel(const StepTime& step) { return step.op.rfind("conv", 0) == 0 || step.op.rfind("matmul", 0) == 0; }

/// Pseudo-random inputs in -1..1, the same in every run.
Tensor make_input(const BenchOptions& options, Shape shape) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 1; })) {
    throw Error(ErrorCode::kInvalidArgument, "bench", "shape",
                fmt::format("the network's input {} has open extents; give them with --shape", to_string(shape)));
  }
  shape.insert(shape.begin(), options.samples);
  Tensor inputs(shape);
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::generate(inputs.data.begin(), inputs.data.end(), [&] { return uniform(random); });
  return inputs;
}

/// One array per input of the network; --shape is for networks of one.
std::vector<Tensor> make_inputs(const BenchOptions& options, const Model& model) {
  std::vector<Tensor> inputs;
  const std::vector<PortInfo> ports = model.inputs();
  if (!options.shape.empty() && ports.size() > 1) {
    throw Error(ErrorCode::kInvalidArgument, "bench", "shape", "is for networks of one input; this one has several");
  }
  for (const PortInfo& port : ports)
    inputs.push_back(make_input(options, options.shape.empty() ? port.shape : options.shape));
  return inputs;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Calls and profiled runs take turns, so that both see the machine in the same state. Profiled are the samples that a
/// call computes together, as often as the call does it.
Timing measure(const Explainer& explainer, const std::vector<TensorView>& inputs,
               const std::vector<MethodRequest>& methods, int repeats) {
  const std::int64_t samples = inputs.front().shape.front();
  Timing timing;
  timing.method = methods.size() == 1 ? methods.front().name : "(together)";
  const Explanation first = explainer.explain(inputs, methods);
  timing.first_seconds = first.seconds + first.compile_seconds;
  timing.together = explainer.chunk(sample_shapes(inputs), methods, Target::max(), samples);
  std::vector<TensorView> part = inputs;
  for (TensorView& input : part) input.shape.front() = timing.together;
  const double parts = static_cast<double>(samples) / static_cast<double>(timing.together);
  std::vector<double> warm, kernels;
  std::vector<std::vector<double>> steps;
  for (int i = 0; i < repeats; ++i) {
    timing.steps = explainer.profile(part, methods, Target::max(), 1);
    steps.resize(timing.steps.size());
    kernels.push_back(0);
    for (std::size_t s = 0; s < steps.size(); ++s) {
      steps[s].push_back(parts * timing.steps[s].seconds);
      kernels.back() += is_kernel(timing.steps[s]) ? steps[s].back() : 0;
    }
    warm.push_back(explainer.explain(inputs, methods).seconds);
  }
  timing.seconds = median(std::move(warm));
  timing.kernel_seconds = median(std::move(kernels));
  for (std::size_t s = 0; s < steps.size(); ++s) timing.steps[s].seconds = median(std::move(steps[s]));
  std::stable_sort(timing.steps.begin(), timing.steps.end(),
                   [](const StepTime& a, const StepTime& b) { return a.seconds > b.seconds; });
  return timing;
}

Json document_of(const BenchOptions& options, const std::vector<Tensor>& inputs, const std::vector<Timing>& timings) {
  Json document = {{"model", options.model.path},
                   {"input_shape", inputs.front().shape},
                   {"repeats", options.repeats},
                   {"instruction_set", Explainer::instruction_set()}};
  for (const Timing& timing : timings) {
    Json entry = {{"method", timing.method},   {"together", timing.together},
                  {"seconds", timing.seconds}, {"kernel_seconds", timing.kernel_seconds},
                  {"ratio", timing.ratio()},   {"first_seconds", timing.first_seconds},
                  {"steps", Json::array()}};
    for (const StepTime& step : timing.steps) {
      entry["steps"].push_back(
          {{"op", step.op}, {"layer", step.layer}, {"kernel", step.kernel}, {"seconds", step.seconds}});
    }
    document["methods"].push_back(std::move(entry));
  }
  return document;
}

std::string milliseconds(double seconds) { return fmt::format("{:.3f}", seconds * 1e3); }

std::string steps_text(const Timing& timing, std::size_t count) {
  std::vector<std::vector<std::string>> rows = {{"step", "layer", "kernel", "ms"}};
  for (std::size_t i = 0; i < std::min(timing.steps.size(), count); ++i) {
    const StepTime& step = timing.steps[i];
    rows.push_back({step.op, step.layer.empty() ? "-" : step.layer, step.kernel, milliseconds(step.seconds)});
  }
  return "\n" + timing.method + ", slowest steps:\n" + table(rows);
}

std::string text_of(const BenchOptions& options, const std::vector<Timing>& timings) {
  std::vector<std::vector<std::string>> rows = {{"method", "warm ms", "kernels ms", "ratio", "first call ms"}};
  std::string steps;
  for (const Timing& t : timings) {
    rows.push_back({t.method, milliseconds(t.seconds), milliseconds(t.kernel_seconds),
                    t.ratio() > 0 ? fmt::format("{:.2f}", t.ratio()) : "-", milliseconds(t.first_seconds)});
    if (options.steps > 0) steps += steps_text(t, static_cast<std::size_t>(options.steps));
  }
  return table(rows) + steps;
}

void run_bench(BenchOptions options) {
  if (options.samples == 0) options.samples = std::max<std::int64_t>(options.compute.options.batch, 1);
  std::vector<MethodRequest> requests = options.methods.requests();
  const Explainer explainer(options.model.load(), options.compute.options);
  say_notes(explainer.model().notes());
  const std::vector<Tensor> inputs = make_inputs(options, explainer.model());
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  requests = options.methods.fitting(std::move(requests), explainer, sample_shapes(views));
  std::vector<Timing> timings;
  if (!options.together) {
    for (const MethodRequest& request : requests)
      timings.push_back(measure(explainer, views, {request}, options.repeats));
  }
  if (options.together || requests.size() > 1) timings.push_back(measure(explainer, views, requests, options.repeats));
  if (options.json) {
    return print_json(document_of(options, inputs, timings));
  }
  say(fmt::format("input {}, median of {} runs, {}", to_string(inputs.front().shape), options.repeats,
                  Explainer::instruction_set()));
  print(text_of(options, timings));
}

}  // namespace

Action add_bench(CLI::App& verb, const Additions& additions) {
  const auto options = std::make_shared<BenchOptions>();
  options->methods.names = {"lrp_z"};
  options->model.add_to(verb);
  options->methods.add_to(verb, false, additions);
  verb.add_option("--repeats", options->repeats, "Warm runs, of which the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  verb.add_option("--samples", options->samples, "Samples of a call (default: that of --batch, or 1)")
      ->check(CLI::Range(1, 100000));
  verb.add_option("--steps", options->steps, "Show the slowest steps of each method")->check(CLI::Range(0, 100000));
  verb.add_option("--shape", options->shape, "Sample shape where the network leaves it open: 224,224,3")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_flag("--together", options->together, "Of several methods, measure only all of them asked together");
  verb.add_flag("--json", options->json, "Print one JSON document, with all steps");
  options->compute.add_to(verb);
  options->compute.options.extensions = additions;
  return [options] {
    run_bench(*options);
    return 0;
  };
}

}  // namespace signxai::cli
