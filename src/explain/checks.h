// Checks of what a caller hands in; everything that can be wrong is refused here, before anything is computed.
#pragma once

#include <vector>

#include "explain/batch.h"
#include "graph/network.h"
#include "signxai/explainer.h"

namespace signxai::explain {

void check_options(const ExplainerOptions& options);
/// The inputs with a batch axis. Throws on wrong counts and shapes, empty batches, NaN and infinity.
Batch checked_batch(const Model& model, const std::vector<TensorView>& inputs);
void check_target(const Target& target, const graph::Network& network, std::int64_t samples);

/// The targets of `count` samples from `first` as the graph takes them (empty: no index target).
std::vector<float> targets_of(const Target& target, std::int64_t first, std::int64_t count);

/// Samples to compute together, so that activations stay within about a gigabyte.
std::int64_t chunk_size(const graph::Network& network, const ExplainerOptions& options, const std::vector<Shape>& batch);

/// Sample n of a batch, without the batch axis.
Tensor sample_of(const Tensor& batch, std::int64_t n);

}  // namespace signxai::explain
