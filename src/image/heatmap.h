// What heat maps, panels and series share: the two-dimensional view of a map and its symmetric scale.
#pragma once

#include "signxai/image.h"

namespace signxai::image {

/// The channel sum of a (H, W, C), (H, W) or (F,) map as (H, W), F becoming one row. kInvalidArgument for other ranks
/// and for empty maps.
Tensor plane_of(const TensorView& map);

/// Largest finite |value|; 0 if there is none.
float largest_magnitude(const float* values, std::size_t count);

/// Entry of a 256-colour table for `value` on the scale -limit..limit (limit 0: the middle), as matplotlib picks it.
/// `value` must not be NaN.
int color_index(float value, float limit);

/// "0.0123", "1.2e-05": short, for printing scales.
std::string short_number(double value, int digits = 3);

}  // namespace signxai::image
