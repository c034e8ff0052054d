// Checks of what a caller hands in; everything that can be wrong is refused here, before anything is computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/batch.h"
#include "graph/network.h"
#include "signxai/explainer.h"

namespace signxai::explain {

void check_options(const ExplainerOptions& options);
/// The inputs with a batch axis. Throws on wrong counts and shapes, empty batches, NaN and infinity.
Batch checked_batch(const Model& model, const std::vector<TensorView>& inputs);
/// The target, its weights of shape (1 or samples, outputs).
Target checked_target(const Target& target, const graph::Network& network, const Batch& batch);

/// The targets of `count` samples from `first` as the graph takes them: for an index one number per sample, for weights
/// as many as there are outputs; empty for the other kinds. The target is a checked one.
std::vector<float> targets_of(const Target& target, std::int64_t first, std::int64_t count);

/// How many values of the map are NaN or infinite, and what to do about it; nothing where all are finite.
std::optional<std::string> describe_not_finite(const Tensor& map);

/// Sample n of a batch, without the batch axis.
Tensor sample_of(const Tensor& batch, std::int64_t n);

}  // namespace signxai::explain
