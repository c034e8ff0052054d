// What heat maps, panels and series share: the two-dimensional view of a map and its symmetric scale.
#pragma once

#include "signxai/image.h"

namespace signxai::image {

/// Whether samples of that shape are pictures with their channels first, (C, H, W), as PyTorch's are: one, three or
/// four of them, where the other axes have more or are open.
bool has_channels_first(const Shape& sample_shape);
/// (H, W, C) as (C, H, W) for `to_first`, else the other way round.
Tensor channels_moved(const TensorView& picture, bool to_first);

/// Largest finite |value|; 0 if there is none.
float largest_magnitude(const float* values, std::size_t count);

/// Values at the ends of a colour map.
struct Scale {
  float low = 0, high = 0;

  bool empty() const { return !(high > low); }
};

/// The scale of finite `values`: symmetric for diverging maps, from the smallest to the largest, zero included, for
/// others. All zero where there is nothing to see.
Scale scale_of(const float* values, std::size_t count, ColorMap map);

/// Entry of a 256-colour table for `value`, as matplotlib picks it; in an empty scale the entry of zero. `value` must
/// not be NaN.
int color_index(float value, const Scale& scale, bool diverging);

/// "scale +-0.12" or "scale 0 to 0.3", with what else the reader must know.
std::string scale_text(const Tensor& values, ColorMap map, const std::string& missing);

/// Cuts off at percentiles and drops negative values, in place.
void clip_values(std::vector<float>& values, const MapStyle& style);

/// "0.0123", "1.2e-05": short, for printing scales.
std::string short_number(double value, int digits = 3);

}  // namespace signxai::image
