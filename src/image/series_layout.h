// Geometry of a drawn series: how many pixels a millimetre of ECG paper has, where each lead's row and zero line stand.
#pragma once

#include <string>
#include <vector>

#include "signxai/image.h"

namespace signxai::image {

/// One lead's row, relative to the top of the plot. Amplitude a is drawn at zero - a * pixels_per_unit.
struct LeadRow {
  double top, height;
  double zero;
  double pixels_per_unit;
  float low, high;  ///< range of its finite values
};

struct SeriesLayout {
  std::int64_t steps = 0, leads = 0;
  bool paper = false;     ///< millimetre paper; otherwise a plain grid, each lead on its own scale
  double millimetre = 0;  ///< pixels, on paper
  double plot_width = 0, plot_height = 0;
  std::vector<LeadRow> rows;
};

/// Lays out a (T, C) signal. `large` is the size for a figure of its own, otherwise the one for figures side by side.
SeriesLayout layout_series(const TensorView& signal, double sampling_rate, bool large);

/// The value of largest magnitude for each of `pixels` columns, NaN left out: reducing a long series must not hide a
/// peak. `at(t)` gives the value of step t. Columns share a step when there are fewer steps than pixels.
template <class At>
std::vector<float> strongest_per_pixel(std::int64_t steps, std::int64_t pixels, At at) {
  std::vector<float> strongest(static_cast<std::size_t>(pixels), 0.0F);
  for (std::int64_t p = 0; p < pixels; ++p) {
    const std::int64_t from = p * steps / pixels;
    const std::int64_t to = std::max(from + 1, ((p + 1) * steps + pixels - 1) / pixels);
    float& best = strongest[static_cast<std::size_t>(p)];
    for (std::int64_t t = from; t < to; ++t) {
      const float value = at(t);
      if ((value < 0 ? -value : value) > (best < 0 ? -best : best)) best = value;
    }
  }
  return strongest;
}

/// A round distance (1, 2 or 5 times a power of ten) for about `wanted` ticks over `length`.
double tick_distance(double length, int wanted);

}  // namespace signxai::image
