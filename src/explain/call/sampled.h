// Wrapping methods: a map averaged over many points per sample, streamed through the executable in chunks.
#pragma once

#include <functional>
#include <memory>

#include "explain/batch.h"
#include "explain/compile.h"

namespace signxai::explain {

using Compile = std::function<std::shared_ptr<const Compiled>(const Request&)>;

/// Whether both methods have a Sampling and evaluate the same points, so that these need to be computed once.
bool share_points(const methods::Resolved& a, const methods::Resolved& b);

/// Maps of the samples of `batch` under each method of `request`, which share their points: one per slot. `targets` is
/// what targets_of() gives. `chunk` points are computed together. What the Sampling sees as a sample are all inputs
/// that are moved, one behind the other.
std::vector<std::vector<Tensor>> sampled(const Request& request, const Batch& batch, const std::vector<float>& targets,
                                         std::int64_t chunk, const Compile& compile);

}  // namespace signxai::explain
