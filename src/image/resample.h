// Resampling that preprocess() needs beside the public functions.
#pragma once

#include <cstdint>
#include <vector>

#include "signxai/image.h"

namespace signxai::image {

/// Source index for each of `to` output indices of an axis of `from` entries: the nearest-neighbour rule of Pillow.
std::vector<std::int64_t> nearest_indices(std::int64_t from, std::int64_t to);

Image resize_nearest(const Image& image, std::int64_t new_h, std::int64_t new_w);

/// Every channel through resize_bicubic_u8.
Image resize_bicubic(const Image& image, std::int64_t new_h, std::int64_t new_w);

}  // namespace signxai::image
