// The kernels of this backend by family, each defined in the file of that name; implementations.cpp joins them.
#pragma once

#include <vector>

#include "backends/kernel.h"
#include "backends/packed_weights.h"

namespace signxai::cpu {

using backends::Buffers;
using backends::Implementation;
using backends::Kernel;
using backends::PackedWeights;
using backends::Problem;

std::vector<Implementation> winograd_convolutions();  ///< where it was asked for
std::vector<Implementation> narrow_pull_backs();      ///< backward data into few channels
std::vector<Implementation> onednn_convolutions();    ///< the work horse; needs constant weights
std::vector<Implementation> direct_convolutions();    ///< plain loops: whatever is left
std::vector<Implementation> matmuls();
std::vector<Implementation> pools();
std::vector<Implementation> sweeps();  ///< sweep and all pointwise ops
std::vector<Implementation> reductions();
std::vector<Implementation> movements();  ///< ops that move elements
std::vector<Implementation> reference_kernels();

}  // namespace signxai::cpu
