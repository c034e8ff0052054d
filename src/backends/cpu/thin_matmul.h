// Products of a few rows with a large matrix that is used as it lies, transposed or not: dense layers of one sample or
// a few. Bound by memory: the matrix is streamed once for all rows. Nothing here needs more than 4-byte alignment.
#pragma once

#include <cstdint>

namespace signxai::cpu {

inline constexpr std::int64_t kThinRows = 8;

/// What becomes of each entry of b while it is read: itself, max(., 0), min(., 0), or its square.
enum class Weights { kPlain, kPositive, kNegative, kSquared };

/// `rows` rows of `inner` (contiguous) times b[inner, columns], or times b[columns, inner] transposed.
struct ThinShape {
  std::int64_t rows, inner, columns;
  Weights weights = Weights::kPlain;
};

/// sums[rows, columns] = a[:, begin:end] b[begin:end, :]. rows <= kThinRows. Dispatches, as all of these.
void multiply_slice(const ThinShape& shape, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                    float* sums);
/// y[:, begin:end] = a b[begin:end, :]^T. rows <= kThinRows.
void multiply_transposed(const ThinShape& shape, const float* a, const float* b, std::int64_t begin, std::int64_t end,
                         float* y);
/// y[r, begin:end] = sum over `parts` of sums[part][r, begin:end] + bias, rectified on demand. `bias` may be null, y
/// may be sums.
void finish_rows(const ThinShape& shape, const float* sums, std::int64_t parts, const float* bias, bool relu,
                 std::int64_t begin, std::int64_t end, float* y);

}  // namespace signxai::cpu
