// Checks of inputs, targets and options.
#include "explain/checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "passes/plan_memory.h"
#include "signxai/error.h"

namespace signxai::explain {
namespace {

[[noreturn]] void refuse(std::string_view subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "explain", subject, message);
}

bool fits(const Shape& expected, const Shape& got, std::size_t skip) {
  if (got.size() != expected.size() + skip) return false;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (got[i + skip] <= 0 || (expected[i] >= 0 && expected[i] != got[i + skip])) return false;
  }
  return true;
}

void check_finite(const TensorView& inputs, const Shape& batch) {
  const std::int64_t total = element_count(batch), size = total / batch.front();
  const auto bad = std::find_if_not(inputs.data, inputs.data + total, [](float v) { return std::isfinite(v); });
  if (bad == inputs.data + total) return;
  std::int64_t rest = (bad - inputs.data) % size;
  Shape index;
  for (std::size_t d = batch.size(); d-- > 1; rest /= batch[d]) index.insert(index.begin(), rest % batch[d]);
  refuse("input", fmt::format("sample {} holds {} at {}; inputs must be finite", (bad - inputs.data) / size,
                              std::isnan(*bad) ? "NaN" : "an infinity", to_string(index)));
}

}  // namespace

void check_options(const ExplainerOptions& options) {
  if (options.threads < 0 || options.threads > 1024) refuse("threads", "must be from 0 (one per core) to 1024");
  if (options.batch < 0) refuse("batch", "must not be negative");
  if (options.backend != "cpu" && options.backend != "reference") {
    refuse("backend", fmt::format("there is no backend '{}'; expected cpu or reference", options.backend));
  }
}

void check_supported(const graph::Network& network) {
  const std::size_t inputs = network.graph.inputs().size(), outputs = network.outputs.size();
  if (inputs == 1 && outputs == 1 && network.calls.front().kind == graph::LayerKind::kInput) return;
  throw Error(ErrorCode::kUnsupported, "explain", network.name,
              fmt::format("the network has {} inputs and {} outputs; this version explains networks with one of each",
                          inputs, outputs));
}

Shape checked_batch(const Model& model, const TensorView& inputs) {
  const Shape expected = model.sample_shape();
  Shape batch = inputs.shape;
  if (fits(expected, inputs.shape, 0)) {
    batch.insert(batch.begin(), 1);
  } else if (!fits(expected, inputs.shape, 1)) {
    refuse("input", fmt::format("has shape {}; the network takes {} or a batch of that", to_string(inputs.shape),
                                to_string(expected)));
  }
  if (inputs.data == nullptr) refuse("input", "has no data");
  check_finite(inputs, batch);
  return batch;
}

void check_target(const Target& target, const Model& model, std::int64_t samples) {
  if (target.kind != Target::Kind::kIndex) return;
  const auto given = static_cast<std::int64_t>(target.indices.size());
  if (given != 1 && given != samples) {
    refuse("target", fmt::format("got {} indices for {} samples; expected one, or one per sample", given, samples));
  }
  const Shape shape = model.output_shape();
  if (std::any_of(shape.begin(), shape.end(), [](auto extent) { return extent < 0; })) return;
  const std::int64_t outputs = element_count(shape);
  for (std::int64_t index : target.indices) {
    if (index >= 0 && index < outputs) continue;
    refuse("target", fmt::format("index {} is out of range; the network has {} outputs (0 to {})", index, outputs, outputs - 1));
  }
}

std::int64_t target_of(const Target& target, std::int64_t n) {
  return target.indices.size() == 1 ? target.indices.front() : target.indices[static_cast<std::size_t>(n)];
}

std::vector<float> targets_of(const Target& target, std::int64_t first, std::int64_t count) {
  std::vector<float> targets;
  if (target.kind != Target::Kind::kIndex) return targets;
  for (std::int64_t n = first; n < first + count; ++n) targets.push_back(static_cast<float>(target_of(target, n)));
  return targets;
}

std::int64_t chunk_size(const graph::Network& network, const ExplainerOptions& options, const Shape& batch) {
  if (options.batch > 0) return options.batch;
  constexpr double kBudget = 1e9, kCopies = 3;  // bytes; activation, signal and kernel output of a layer
  constexpr std::int64_t kLargest = 64;
  Shape one = batch;
  one.front() = 1;
  const graph::Network bound = graph::bind(network, {one});
  double bytes = 0;
  for (const auto& call : bound.calls) bytes += static_cast<double>(passes::bytes_of(bound.graph.type(call.output)));
  return std::clamp(static_cast<std::int64_t>(kBudget / (kCopies * bytes)), std::int64_t{1}, kLargest);
}

Tensor sample_of(const Tensor& batch, std::int64_t n) {
  Tensor sample(Shape(batch.shape.begin() + 1, batch.shape.end()));
  const auto size = static_cast<std::ptrdiff_t>(sample.data.size());
  std::copy_n(batch.data.begin() + n * size, size, sample.data.begin());
  return sample;
}

}  // namespace signxai::explain
