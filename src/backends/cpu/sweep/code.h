// Machine code of a sweep's body: one loop over vectors whose intermediate results stay in registers, so that a chain
// of operations reads each array once and writes its result once. The bits are those of the interpreted sweep.
#pragma once

#include <cstdint>
#include <memory>

#include "backends/cpu/sweep/program.h"

namespace signxai::cpu {

/// Immutable and safe to run from several threads.
class SweepCode {
 public:
  virtual ~SweepCode() = default;

  /// Elements [0, count) of a block: `sources` are its arrays, `buffers` the blocks of the program in a row.
  void run(const float* const* sources, const float* buffers, float* output, std::int64_t count) const {
    function_(sources, buffers, output, count);
  }

 protected:
  void (*function_)(const float* const*, const float*, float*, std::int64_t) = nullptr;
};

/// Null where the processor has neither AVX2 nor AVX-512, a function has no machine code, the registers do not suffice,
/// or the system forbids code that is made at run time.
std::shared_ptr<const SweepCode> emit_sweep(const Program& program);

}  // namespace signxai::cpu
