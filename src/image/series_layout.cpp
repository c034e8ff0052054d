// Geometry of a drawn series.
#include "image/series_layout.h"

#include <algorithm>
#include <cmath>

namespace signxai::image {
namespace {

constexpr double kMillimetresPerSecond = 25, kMillimetresPerMillivolt = 10;
constexpr double kTallestRow = 80;  // millimetres: leads that need more are hardly in millivolts

struct Sizes {
  double width, millimetre, plain_row;
};
constexpr Sizes kLarge = {1200, 7, 72};
constexpr Sizes kSmall = {600, 4.5, 46};

void find_range(const TensorView& signal, std::int64_t lead, LeadRow& row) {
  row.low = HUGE_VALF;
  row.high = -HUGE_VALF;
  for (std::int64_t t = 0; t < signal.shape[0]; ++t) {
    const float value = signal.data[t * signal.shape[1] + lead];
    if (!std::isfinite(value)) continue;
    row.low = std::min(row.low, value);
    row.high = std::max(row.high, value);
  }
  if (row.low > row.high) row.low = row.high = 0;
}

// Millimetres above and below zero that a lead needs, in large boxes of 5 mm, so that all zero lines lie on the grid.
double boxes(double millivolt) {
  return 5 * std::max(1.0, std::ceil((millivolt * kMillimetresPerMillivolt + 1.0) / 5));
}

void lay_out_paper(SeriesLayout& layout) {
  double top = 0;
  for (LeadRow& row : layout.rows) {
    const double above = boxes(row.high) * layout.millimetre, below = boxes(-row.low) * layout.millimetre;
    row.top = top;
    row.height = above + below;
    row.zero = top + above;
    row.pixels_per_unit = kMillimetresPerMillivolt * layout.millimetre;
    top += row.height;
  }
  layout.plot_height = top;
}

void lay_out_plain(SeriesLayout& layout, double row_height) {
  constexpr double kPadding = 5;
  double top = 0;
  for (LeadRow& row : layout.rows) {
    const double range = static_cast<double>(row.high) - row.low;
    row.top = top;
    row.height = row_height;
    row.pixels_per_unit = range > 0 ? (row_height - 2 * kPadding) / range : 0;
    row.zero = range > 0 ? top + kPadding + row.high * row.pixels_per_unit : top + row_height / 2;
    top += row_height;
  }
  layout.plot_height = top;
}

bool plausible_millivolts(const std::vector<LeadRow>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [](const LeadRow& row) { return boxes(row.high) + boxes(-row.low) <= kTallestRow; });
}

}  // namespace

SeriesLayout layout_series(const TensorView& signal, double sampling_rate, bool large) {
  const Sizes sizes = large ? kLarge : kSmall;
  SeriesLayout layout;
  layout.steps = signal.shape[0];
  layout.leads = signal.shape[1];
  layout.rows.resize(static_cast<std::size_t>(layout.leads));
  for (std::int64_t lead = 0; lead < layout.leads; ++lead) {
    find_range(signal, lead, layout.rows[static_cast<std::size_t>(lead)]);
  }
  layout.plot_width = sizes.width;
  if (sampling_rate > 0 && plausible_millivolts(layout.rows)) {
    const double millimetres = static_cast<double>(layout.steps) / sampling_rate * kMillimetresPerSecond;
    const double millimetre = std::min(sizes.millimetre, sizes.width / millimetres);
    // Boxes below 1.5 pixels per millimetre are no grid any more, boxes of a signal of a few steps no plot.
    layout.paper = millimetre >= 1.5 && millimetres * millimetre >= 100;
    if (layout.paper) {
      layout.millimetre = millimetre;
      layout.plot_width = std::round(millimetres * millimetre);
      lay_out_paper(layout);
      return layout;
    }
  }
  lay_out_plain(layout, sizes.plain_row);
  return layout;
}

double tick_distance(double length, int wanted) {
  const double raw = length / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

}  // namespace signxai::image
