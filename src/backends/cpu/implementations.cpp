// Joins the families. Order matters within an op only.
#include "backends/cpu/implementations.h"

#include "backends/cpu/families.h"

namespace signxai::cpu {

std::span<const Implementation> implementations() {
  static const auto table = [] {
    std::vector<Implementation> all;
    for (const auto family : {winograd_convolutions, narrow_pull_backs, onednn_convolutions, direct_convolutions,
                              matmuls, pools, sweeps, reductions, movements, reference_kernels}) {
      const auto entries = family();
      all.insert(all.end(), entries.begin(), entries.end());
    }
    return all;
  }();
  return table;
}

}  // namespace signxai::cpu
