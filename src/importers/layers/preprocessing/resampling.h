// Filters that give an axis another number of samples, as matrices. Part of the importer of Resizing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signxai::keras {

/// Longest axis that a matrix is made for.
inline constexpr std::int64_t kLongestAxis = 1 << 13;

struct Filter {
  std::string method;   ///< bilinear, bicubic, lanczos3, lanczos5, gaussian, mitchellcubic, area
  bool antialias;       ///< wider where the axis gets shorter
  bool coarse = false;  ///< positions are rounded to 1/1024 of a pixel, as TensorFlow does for bicubic
};

/// [to, from], row by row; each row sums to 1. Pixels outside the image have no weight.
std::vector<float> resampling_matrix(std::int64_t from, std::int64_t to, const Filter& filter);

}  // namespace signxai::keras
