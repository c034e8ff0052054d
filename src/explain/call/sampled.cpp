// Streaming of sampled points.
#include "explain/call/sampled.h"

#include <algorithm>
#include <optional>

#include "base/threads.h"

namespace signxai::explain {
namespace {

/// All inputs of sample n that are moved, one behind the other.
std::vector<float> joined(const Batch& batch, std::int64_t n) {
  std::vector<float> x;
  for (std::size_t i = 0; i < batch.moving(); ++i) {
    const auto size = static_cast<std::ptrdiff_t>(batch.sample_size(i));
    x.insert(x.end(), batch.data[i] + n * size, batch.data[i] + (n + 1) * size);
  }
  return x;
}

/// Arrays of `count` points, one array per input.
struct Points {
  std::vector<std::vector<float>> arrays;
  Request request;  ///< with the shapes of these arrays
  int count;

  Points(const Request& base, const Batch& batch, std::int64_t sample, int points)
      : arrays(batch.shapes.size()), request(base), count(points) {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const std::size_t size = batch.sample_size(i);
      const float* own = batch.data[i] + static_cast<std::size_t>(sample) * size;
      for (int k = 0; k < count; ++k) arrays[i].insert(arrays[i].end(), own, own + size);
      request.inputs[i].front() = count;
    }
  }
  void set(const Batch& batch, int index, std::span<const float> point) {
    for (std::size_t i = 0, at = 0; i < batch.moving(); at += batch.sample_size(i), ++i) {
      const std::size_t size = batch.sample_size(i);
      std::copy_n(point.begin() + static_cast<std::ptrdiff_t>(at), size,
                  arrays[i].begin() + static_cast<std::ptrdiff_t>(size) * index);
    }
  }
  std::vector<const float*> data() const {
    std::vector<const float*> data;
    for (const auto& array : arrays) data.push_back(array.data());
    return data;
  }
};

/// The map of point `index`, all inputs one behind the other. The last outputs of the executable are the maps.
void read_map(const std::vector<Tensor>& outputs, std::size_t inputs, int count, int index, std::span<float> map) {
  auto to = map.begin();
  for (std::size_t i = outputs.size() - inputs; i < outputs.size(); ++i) {
    const auto size = static_cast<std::ptrdiff_t>(outputs[i].data.size()) / count;
    to = std::copy_n(outputs[i].data.begin() + size * index, size, to);
  }
}

/// Mean and sum of squared differences from it, by Welford's update.
struct Moments {
  std::vector<double> mean, squares;
  double count = 0;

  explicit Moments(std::size_t size) : mean(size, 0.0), squares(size, 0.0) {}
  void add(std::span<const float> map) {
    constexpr std::int64_t kGrain = 4096;
    count += 1;
    parallel_for(static_cast<std::int64_t>(map.size()), kGrain, [&](std::int64_t begin, std::int64_t end) {
      for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
        const double before = map[k] - mean[k];
        mean[k] += before / count;
        squares[k] += before * (map[k] - mean[k]);
      }
    });
  }
};

/// Folds the maps of all points of sample n, which is x.
Moments fold_points(const methods::Sampling& sampling, const Request& request, const Batch& batch, std::int64_t n,
                    std::span<const float> x, const std::vector<float>& target, std::int64_t chunk,
                    const Compile& compile) {
  Moments moments(x.size());
  std::vector<float> map(x.size());
  std::optional<Points> points;
  for (int begin = 0; begin < sampling.count;) {
    const int count = static_cast<int>(std::min<std::int64_t>(chunk, sampling.count - begin));
    if (!points || points->count != count) points.emplace(request, batch, n, count);
    for (int i = 0; i < count; ++i) {
      sampling.point(begin + i, x, map);
      points->set(batch, i, map);
    }
    std::vector<float> targets;
    for (int i = 0; i < count; ++i) targets.insert(targets.end(), target.begin(), target.end());
    const std::vector<Tensor> outputs = compile(points->request)->run(points->data(), targets);
    for (int i = 0; i < count; ++i) {
      read_map(outputs, batch.moving(), count, i, map);
      moments.add(map);
    }
    begin += count;
  }
  return moments;
}

/// What the method makes of the moments at x.
std::vector<double> map_of(const methods::Resolved& method, const Moments& moments, std::span<const float> x,
                           const std::string& semantics) {
  const methods::Sampling sampling = method.def->sampling(method.parameters);
  std::vector<double> map = sampling.variance ? moments.squares : moments.mean;
  if (sampling.variance) std::for_each(map.begin(), map.end(), [&](double& value) { value /= sampling.count; });
  if (sampling.finish) sampling.finish(x, map);
  method.multiply(x, map, reverse::Semantics::parse(semantics));
  return map;
}

/// Writes sample n of the maps, one per input that is moved.
void put(std::span<const double> map, std::int64_t n, const Batch& batch, std::vector<Tensor>& maps) {
  auto from = map.begin();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const auto size = static_cast<std::ptrdiff_t>(batch.sample_size(i));
    std::transform(from, from + size, maps[i].data.begin() + n * size, [](double v) { return static_cast<float>(v); });
    from += size;
  }
}

}  // namespace

bool share_points(const methods::Resolved& a, const methods::Resolved& b) {
  if (a.user || b.user || !a.def->sampling || !b.def->sampling) return false;
  if (a.of_map() != b.of_map()) return false;
  return a.def->sampling(a.parameters).family == b.def->sampling(b.parameters).family;
}

std::vector<std::vector<Tensor>> sampled(const Request& request, const Batch& batch, const std::vector<float>& targets,
                                         std::int64_t chunk, const Compile& compile) {
  const methods::Resolved& first = request.methods.front();
  const methods::Sampling sampling = first.def->sampling(first.parameters);
  Request point = request;
  point.methods = {first};
  const std::vector<Tensor> blank(batch.shapes.begin(), batch.shapes.end() - static_cast<std::ptrdiff_t>(batch.fixed));
  std::vector<std::vector<Tensor>> maps(request.methods.size(), blank);
  for (std::int64_t n = 0; n < batch.samples(); ++n) {
    const std::vector<float> x = joined(batch, n);
    const auto each = static_cast<std::ptrdiff_t>(targets.size()) / batch.samples();
    const std::vector<float> target(targets.begin() + n * each, targets.begin() + (n + 1) * each);
    const Moments moments = fold_points(sampling, point, batch, n, x, target, chunk, compile);
    for (std::size_t m = 0; m < maps.size(); ++m) {
      put(map_of(request.methods[m], moments, x, request.semantics), n, batch, maps[m]);
    }
  }
  return maps;
}

}  // namespace signxai::explain
