// How maps are compared with golden maps: sample by sample, over the finite entries, relative to the largest value.
#pragma once

#include <string>

#include "signxai/tensor.h"

namespace signxai::golden {

struct Comparison {
  bool right = true;
  double fraction = 0;   ///< largest deviation as a fraction of what is allowed
  double deviation = 0;  ///< largest deviation
  std::string why;       ///< what is wrong; empty if nothing is

  /// Keeps the worse of both.
  void join(const Comparison& other);
};

/// Maps of zeros have to be zero up to this: the reference flushes denormal numbers.
inline constexpr double kTiny = 1e-36;

/// max |a - b| <= tolerance * max |b| + absolute for each sample; NaN and infinities have to be in the same places.
Comparison compare(const Tensor& map, const Tensor& golden, double tolerance, double absolute);

}  // namespace signxai::golden
