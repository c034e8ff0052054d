// An array brought from one layout, or number format, into another by oneDNN: weights into the layout a primitive asks
// for, operands into bfloat16. Immutable; safe to run from several threads.
#pragma once

#include <cstddef>

#include "backends/cpu/onednn.h"
#include "base/alignment.h"

namespace signxai::cpu {

class Reorder {
 public:
  Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to);

  /// Memory of the result, rounded up so that what lies behind it is aligned.
  std::size_t bytes() const { return base::aligned(bytes_); }
  std::size_t scratch_bytes() const { return scratch_; }
  /// False when oneDNN reports a failure.
  bool run(const float* from, std::byte* to, std::byte* scratch) const noexcept {
    void* addresses[] = {const_cast<float*>(from), to, scratch};
    return call_.run(addresses);
  }

 private:
  Reorder(const dnnl::reorder::primitive_desc& descriptor, const dnnl::memory::desc& from,
          const dnnl::memory::desc& to);

  std::size_t bytes_, scratch_;
  OneDnnCall call_;
};

}  // namespace signxai::cpu
