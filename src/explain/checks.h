// Checks of what a caller hands in; everything that can be wrong is refused here, before anything is computed.
#pragma once

#include <vector>

#include "graph/network.h"
#include "signxai/explainer.h"

namespace signxai::explain {

void check_options(const ExplainerOptions& options);
/// Throws Error(kUnsupported) for networks with several inputs or outputs.
void check_supported(const graph::Network& network);
/// The inputs' shape with a batch axis. Throws on wrong shapes, empty batches, NaN and infinity.
Shape checked_batch(const Model& model, const TensorView& inputs);
void check_target(const Target& target, const Model& model, std::int64_t samples);

/// The target of sample n, and those of `count` samples from `first` as the graph takes them (empty: no index target).
std::int64_t target_of(const Target& target, std::int64_t n);
std::vector<float> targets_of(const Target& target, std::int64_t first, std::int64_t count);

/// Samples to compute together, so that activations stay within about a gigabyte.
std::int64_t chunk_size(const graph::Network& network, const ExplainerOptions& options, const Shape& batch);

/// Sample n of a batch, without the batch axis.
Tensor sample_of(const Tensor& batch, std::int64_t n);

}  // namespace signxai::explain
