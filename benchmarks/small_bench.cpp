// Time of one warm call on small networks through the C++ API, one thread: `make bench`, section small.
//     signxai-benchmarks NETWORK... [google-benchmark options]
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "signxai/error.h"
#include "signxai/explainer.h"

namespace {

using signxai::Explainer;
using signxai::Model;
using signxai::Shape;
using signxai::Tensor;

/// Values in -1..1, the same in every run.
Tensor make_sample(Shape shape) {
  shape.insert(shape.begin(), 1);
  Tensor sample(shape);
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::generate(sample.data.begin(), sample.data.end(), [&] { return uniform(random); });
  return sample;
}

void explain_repeatedly(benchmark::State& state, const Model& model) {
  signxai::ExplainerOptions options;
  options.threads = 1;
  const Explainer explainer(model, options);
  const Tensor sample = make_sample(model.sample_shape());
  const std::vector<signxai::TensorView> views{sample};
  const std::vector<signxai::MethodRequest> methods{{"lrpsign_z", {}}};
  benchmark::DoNotOptimize(explainer.explain(views, methods));  // compiles
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(explainer.explain(views, methods));
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  state.counters["median"] = *middle;  // what is reported besides is a mean, which a busy neighbour moves
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const Model model = Model::load(argv[i]);
    const std::string name = std::filesystem::path(argv[i]).stem().string();
    benchmark::RegisterBenchmark(name.c_str(), [model](benchmark::State& state) { explain_repeatedly(state, model); });
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const signxai::Error& error) {
  std::fprintf(stderr, "signxai-benchmarks: %s\n", error.what());
  return 1;
}
