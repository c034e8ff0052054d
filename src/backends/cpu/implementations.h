// The CPU backend: one ordered table of kernels. The plan takes, per node, the first entry of the node's op that does
// not reject it; the last entry of every op is the double-precision reference kernel, so nearly nothing is rejected by
// all. Kernels are to be made and run under the same number of threads (see ThreadScope): oneDNN fixes it when made.
#pragma once

#include <span>

#include "backends/kernel.h"
#include "backends/packed_weights.h"

namespace signxai::cpu {

/// Grouped by op, fastest first. Built once, immutable.
std::span<const backends::Implementation> implementations();

/// Whether this machine multiplies bfloat16 numbers itself.
bool has_bfloat16();

}  // namespace signxai::cpu
