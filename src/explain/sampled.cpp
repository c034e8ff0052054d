// Streaming of sampled points.
#include "explain/sampled.h"

#include <algorithm>

#include "explain/checks.h"

namespace signxai::explain {
namespace {

/// Adds the maps of points [begin, begin + count) of one sample to `sum`.
void add_points(const methods::Sampling& sampling, const Compiled& executable, std::span<const float> x, int begin,
                int count, const std::vector<float>& targets, std::span<double> sum) {
  std::vector<float> points(x.size() * static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    sampling.point(begin + i, x, std::span(points).subspan(static_cast<std::size_t>(i) * x.size(), x.size()));
  }
  const std::vector<Tensor> outputs = executable.run(points.data(), targets);
  const Tensor& maps = outputs.back();
  for (std::size_t i = 0; i < maps.data.size(); ++i) sum[i % x.size()] += maps.data[i];
}

}  // namespace

Tensor sampled(const methods::Resolved& method, const Shape& batch, const float* inputs, const Target& target,
               std::int64_t first, std::int64_t chunk, const Compile& compile) {
  const methods::Sampling sampling = method.def->sampling(method.parameters);
  Tensor maps(batch);
  const auto size = maps.data.size() / static_cast<std::size_t>(batch.front());
  for (std::int64_t n = 0; n < batch.front(); ++n) {
    const std::span<const float> x(inputs + static_cast<std::size_t>(n) * size, size);
    std::vector<double> mean(size, 0.0);
    for (int begin = 0; begin < sampling.count;) {
      const int count = static_cast<int>(std::min<std::int64_t>(chunk, sampling.count - begin));
      Shape shape = batch;
      shape.front() = count;
      std::vector<float> targets;
      if (target.kind == Target::Kind::kIndex) targets.assign(static_cast<std::size_t>(count), static_cast<float>(target_of(target, first + n)));
      add_points(sampling, *compile({shape, target.kind, {method}}), x, begin, count, targets, mean);
      begin += count;
    }
    for (double& value : mean) value /= sampling.count;
    sampling.finish(x, mean);
    std::transform(mean.begin(), mean.end(), maps.data.begin() + n * static_cast<std::ptrdiff_t>(size),
                   [](double value) { return static_cast<float>(value); });
  }
  return maps;
}

}  // namespace signxai::explain
