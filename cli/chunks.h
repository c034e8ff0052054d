// The loop of the verbs that go through inputs: chunk by chunk, with a progress line, until the end or Ctrl-C.
#pragma once

#include <functional>

#include "inputs.h"
#include "signxai/explainer.h"

namespace signxai::cli {

/// Calls `body` with the inputs of each chunk, the index of its first sample, and what to report progress to. Throws
/// kCancelled when the user stops the run.
void for_each_chunk(
    InputStream& stream, std::int64_t chunk,
    const std::function<void(const Inputs& inputs, std::int64_t first, const Progress& progress)>& body);

/// The part of a target that belongs to `count` samples from `first` on, of `samples` in all. kInvalidArgument when it
/// has indices for another number of samples.
Target target_part(const Target& target, std::int64_t first, std::int64_t count, std::int64_t samples);

}  // namespace signxai::cli
