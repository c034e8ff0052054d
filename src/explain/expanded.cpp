// Repetition of samples.
#include "explain/expanded.h"

#include <algorithm>
#include <numeric>

#include "explain/compile.h"

namespace signxai::explain {
namespace {

/// The neurons of one sample: all in their order, or the `count` largest, largest first.
std::vector<std::int64_t> neurons_of(std::span<const float> row, const Target& target) {
  std::vector<std::int64_t> order(row.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (target.kind == Target::Kind::kEach) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(target.count)));
  return order;
}

Tensor with_axis(Tensor map, std::int64_t samples, std::int64_t count) {
  map.shape.front() = count;
  map.shape.insert(map.shape.begin(), samples);
  return map;
}

}  // namespace

Expanded::Expanded(const graph::Network& network, const Batch& batch, const Target& target, const Explanation& scores)
    : samples_(batch.samples()), target_(Target::per_sample({})), batch_(batch) {
  target_.output = target.output;
  const int head = heads_of(network, target).front();
  const auto at = std::find(network.outputs.begin(), network.outputs.end(), head) - network.outputs.begin();
  const Tensor& output = scores.outputs[static_cast<std::size_t>(at)];
  const auto size = output.data.size() / static_cast<std::size_t>(samples_);
  for (std::int64_t n = 0; n < samples_; ++n) {
    const std::span<const float> row(output.data.data() + static_cast<std::size_t>(n) * size, size);
    const std::vector<std::int64_t> neurons = neurons_of(row, target);
    target_.indices.insert(target_.indices.end(), neurons.begin(), neurons.end());
  }
  count_ = static_cast<std::int64_t>(target_.indices.size()) / samples_;
  for (std::size_t i = 0; i < batch.data.size(); ++i) {
    const std::size_t length = batch.sample_size(i);
    std::vector<float> array;
    for (std::int64_t n = 0; n < samples_; ++n) {
      const float* sample = batch.data[i] + static_cast<std::size_t>(n) * length;
      for (std::int64_t k = 0; k < count_; ++k) array.insert(array.end(), sample, sample + length);
    }
    arrays_.push_back(std::move(array));
    batch_.shapes[i].front() = samples_ * count_;
    batch_.data[i] = arrays_.back().data();
  }
}

Explanation Expanded::folded(Explanation repeated, const Explanation& scores) const {
  for (MethodMap& map : repeated.maps) map.map = with_axis(std::move(map.map), samples_, count_);
  repeated.outputs = scores.outputs;
  repeated.targets_shape = {samples_, count_};
  return repeated;
}

}  // namespace signxai::explain
