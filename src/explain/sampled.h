// Wrapping methods: a map averaged over many points per sample, streamed through the executable in chunks.
#pragma once

#include <functional>
#include <memory>

#include "explain/compile.h"

namespace signxai::explain {

using Compile = std::function<std::shared_ptr<const Compiled>(const Request&)>;

/// Maps of the samples at `inputs` (shape `batch`) under a method with a Sampling; sample n of the batch has target
/// number `first + n`. `chunk` points are computed together.
Tensor sampled(const methods::Resolved& method, const Shape& batch, const float* inputs, const Target& target,
               std::int64_t first, std::int64_t chunk, const Compile& compile);

}  // namespace signxai::explain
