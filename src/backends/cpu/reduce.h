// The SIMD parts of reductions. Sums run in float over short stretches only and in double beyond, so that a sum over an
// image is as good as its terms.
#pragma once

#include <cstdint>

namespace signxai::cpu {

enum class Reduction { kSum, kMaximum, kMinimum };

/// Most columns or rows of one call.
inline constexpr std::int64_t kReduceColumns = 1024;

/// totals[r] = reduction of x[r * n + c] over c < n. NaN wins over numbers in an extremum; dispatches, as the other
/// one.
void reduce_rows(Reduction reduction, const float* x, std::int64_t rows, std::int64_t n, double* totals);
/// totals[c] = reduction of x[r * stride + c] over rows > 0, for columns <= kReduceColumns.
void reduce_columns(Reduction reduction, const float* x, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                    double* totals);
/// The same for two totals.
double reduce_pair(Reduction reduction, double a, double b);

}  // namespace signxai::cpu
