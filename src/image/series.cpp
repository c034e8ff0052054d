// Time series with relevance: leads stacked over time as on ECG paper, one figure per method.
#include <algorithm>
#include <cmath>

#include "image/canvas.h"
#include "image/heatmap.h"
#include "image/series_layout.h"
#include "signxai/error.h"

namespace signxai {
namespace {

using namespace image;  // drawing vocabulary

constexpr double kMargin = 20, kFigureGap = 26, kAxisRow = 40, kScaleRow = 18;
constexpr double kFigureTitle = 24, kFigureSubtitle = 18;
constexpr double kBarWidth = 320, kBarHeight = 14;
// The pink of ECG paper. The grid lies over the shading and lets it through.
constexpr Color kSmallBox = {0.70, 0.25, 0.20, 0.13}, kLargeBox = {0.60, 0.10, 0.05, 0.30};
constexpr Color kPlainGrid = {0.20, 0.20, 0.30, 0.15}, kRowRule = {0.10, 0.10, 0.15, 0.31};
// Lighter than seismic's ends: the black trace has to stand out on both.
constexpr Color kFor = {0.93, 0.24, 0.20}, kAgainst = {0.28, 0.50, 0.95};

Rgb paler(const Rgb& color) {
  constexpr double kShare = 0.6;
  Rgb result{};
  for (std::size_t i = 0; i < 3; ++i)
    result[i] = static_cast<std::uint8_t>(std::lround(255 + kShare * (color[i] - 255)));
  return result;
}

/// The colour of a share of the scale: -1 to 1 for diverging maps, 0 to 1 for others.
Rgb relevance_color(ColorMap map, double share) {
  const bool diverging = is_diverging(map);
  if (map != ColorMap::kSeismic) {
    const Scale scale = {diverging ? -1.0F : 0.0F, 1.0F};
    return paler(colors(map)[static_cast<std::size_t>(color_index(static_cast<float>(share), scale, diverging))]);
  }
  const Color& end = share < 0 ? kAgainst : kFor;
  const double strength = std::min(1.0, std::abs(share));
  const auto byte = [&](double part) {
    return static_cast<std::uint8_t>(std::lround(255 * (1 + (part - 1) * strength)));
  };
  return {byte(end.red), byte(end.green), byte(end.blue)};
}

Image bar_of(ColorMap map) {
  Image bar{1, 256, 3, {}, {}};
  for (int i = 0; i < 256; ++i) {
    const Rgb color = relevance_color(map, is_diverging(map) ? 2 * i / 255.0 - 1 : i / 255.0);
    bar.pixels.insert(bar.pixels.end(), color.begin(), color.end());
  }
  return bar;
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, "image", "series", what); }

void check(const SeriesPanel& panel) {
  const Shape& shape = panel.signal.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
    refuse("expected a signal of shape (T, C); got " + to_string(shape));
  if (!panel.leads.empty() && static_cast<std::int64_t>(panel.leads.size()) != shape[1]) {
    refuse("got " + std::to_string(panel.leads.size()) + " lead names, expected " + std::to_string(shape[1]));
  }
  if (!(panel.sampling_rate >= 0) || !std::isfinite(panel.sampling_rate))
    refuse("the sampling rate is negative or not a number");
  for (const LabelledMap& map : panel.maps) {
    const Shape& s = map.relevance.shape;
    const bool shared = (s.size() == 1 || (s.size() == 2 && s[1] == 1)) && s[0] == shape[0];
    if (!shared && s != shape) {
      refuse("map '" + map.title + "' has shape " + to_string(s) + "; expected " + to_string(shape) + " or (T,)");
    }
  }
}

class SeriesDrawing {
 public:
  SeriesDrawing(const SeriesPanel& panel, Surface kind)
      : panel_(panel),
        figures_(std::max<std::int64_t>(1, static_cast<std::int64_t>(panel.maps.size()))),
        columns_(std::min<std::int64_t>(std::max(panel.columns, 1), figures_)),
        layout_(layout_series(panel.signal, panel.sampling_rate, figures_ == 1)),
        gutter_(gutter_width()),
        header_(kMargin + (panel.title.empty() ? 0 : 24) + (panel.subtitle.empty() ? 0 : 20)),
        width_(std::max(2 * kMargin + static_cast<double>(columns_) * (gutter_ + layout_.plot_width) +
                            static_cast<double>(columns_ - 1) * kFigureGap,
                        2 * kMargin + kBarWidth + 200)),
        height_(header_ + static_cast<double>((figures_ + columns_ - 1) / columns_) * (figure_height() + kFigureGap) +
                footer() + kMargin),
        canvas_(width_, height_, kind) {}

  Canvas draw() {
    draw_header();
    for (std::int64_t i = 0; i < figures_; ++i) {
      left_ = kMargin + gutter_ + static_cast<double>(i % columns_) * (gutter_ + layout_.plot_width + kFigureGap);
      top_ = header_ + static_cast<double>(i / columns_) * (figure_height() + kFigureGap);
      draw_figure(panel_.maps.empty() ? nullptr : &panel_.maps[static_cast<std::size_t>(i)]);
    }
    draw_footer();
    return std::move(canvas_);
  }

 private:
  bool large() const { return figures_ == 1; }
  double heading() const {
    const bool subtitled =
        std::any_of(panel_.maps.begin(), panel_.maps.end(), [](const auto& map) { return !map.subtitle.empty(); });
    return kFigureTitle + (subtitled ? kFigureSubtitle : 0);
  }
  double figure_height() const { return heading() + layout_.plot_height + kAxisRow + kScaleRow; }
  double footer() const { return (panel_.maps.empty() ? 0 : kColorBarHeight) + 22; }

  std::string lead_name(std::size_t lead) const {
    return panel_.leads.empty() ? std::to_string(lead + 1) : panel_.leads[lead];
  }

  double gutter_width() const {
    std::size_t longest = 0;
    for (std::size_t lead = 0; lead < layout_.rows.size(); ++lead) longest = std::max(longest, lead_name(lead).size());
    return std::clamp(static_cast<double>(longest) * 9.5 + 14, layout_.paper ? 44.0 : 104.0, 140.0);
  }

  void draw_header() {
    const double wide = width_ - 2 * kMargin;
    if (!panel_.title.empty()) canvas_.text(kMargin, kMargin + 6, panel_.title, {17, Align::kLeft, true, kInk, wide});
    canvas_.text(kMargin, header_ - (panel_.title.empty() ? 6 : 10), panel_.subtitle,
                 {13, Align::kLeft, false, kFaint, wide});
  }

  void draw_figure(const LabelledMap* map) {
    if (map != nullptr) {
      const double wide = layout_.plot_width;
      canvas_.text(left_, top_ + 16, map->title, {15, Align::kLeft, true, kInk, wide});
      canvas_.text(left_, top_ + 33, map->subtitle, {12, Align::kLeft, false, kFaint, wide});
    }
    top_ += heading();
    const Tensor values = map == nullptr ? Tensor() : styled(map->relevance);
    if (map != nullptr) draw_relevance(values);
    draw_grid();
    for (std::size_t lead = 0; lead < layout_.rows.size(); ++lead) {
      draw_lead_name(lead);
      draw_trace(lead);
    }
    canvas_.frame({left_, top_, layout_.plot_width + 1, layout_.plot_height + 1}, {0.45, 0.45, 0.48});
    draw_time_axis();
    if (map != nullptr) draw_scale(values);
  }

  Tensor styled(const TensorView& map) const {
    Tensor values(map.shape, std::vector<float>(map.data, map.data + element_count(map.shape)));
    clip_values(values.data, panel_.style);
    return values;
  }

  void draw_grid() {
    if (layout_.paper) {
      if (layout_.millimetre >= 3) draw_boxes(false);
      draw_boxes(true);
    } else {
      const double step = tick_distance(time_length(), ticks());
      for (double t = step; t < time_length(); t += step) vertical(t / time_length() * layout_.plot_width, kPlainGrid);
    }
    for (const LeadRow& row : layout_.rows) {
      if (row.top > 0) canvas_.grid_line(left_, top_ + row.top, left_ + layout_.plot_width, top_ + row.top, kRowRule);
    }
  }

  // Every fifth line belongs to the large boxes.
  void draw_boxes(bool large_ones) {
    const Color& color = large_ones ? kLargeBox : kSmallBox;
    const double step = layout_.millimetre;
    for (int i = 0; i * step <= layout_.plot_width; ++i) {
      if ((i % 5 == 0) == large_ones) vertical(i * step, color);
    }
    for (int i = 0; i * step <= layout_.plot_height; ++i) {
      const double y = top_ + i * step;
      if ((i % 5 == 0) == large_ones) canvas_.grid_line(left_, y, left_ + layout_.plot_width, y, color);
    }
  }

  void vertical(double x, const Color& color) {
    canvas_.grid_line(left_ + x, top_, left_ + x, top_ + layout_.plot_height, color);
  }

  // A map without lead axis shades all rows alike.
  void draw_relevance(const Tensor& map) {
    const std::int64_t leads = map.shape.size() == 2 ? map.shape[1] : 1;
    const Scale scale = scale_of(map.data.data(), map.data.size(), panel_.style.colors);
    if (scale.empty()) return;
    const auto pixels = static_cast<std::int64_t>(layout_.plot_width);
    for (std::size_t lead = 0; lead < layout_.rows.size(); ++lead) {
      const std::int64_t column = leads == 1 ? 0 : static_cast<std::int64_t>(lead);
      const auto value = [&](std::int64_t t) { return map.data[static_cast<std::size_t>(t * leads + column)]; };
      shade_row(layout_.rows[lead], strongest_per_pixel(layout_.steps, pixels, value), scale);
    }
  }

  // One picture per row: single rectangles would leave seams in vector files.
  void shade_row(const LeadRow& row, const std::vector<float>& strongest, const Scale& scale) {
    Image strip{1, static_cast<std::int64_t>(strongest.size()), 3, {}, {}};
    const double from = is_diverging(panel_.style.colors) ? 0 : scale.low;
    for (const float value : strongest) {
      const Rgb color = relevance_color(panel_.style.colors, (value - from) / (scale.high - from));
      strip.pixels.insert(strip.pixels.end(), color.begin(), color.end());
    }
    const double top = std::floor(top_ + row.top), bottom = std::floor(top_ + row.top + row.height);
    canvas_.picture({std::floor(left_), top, static_cast<double>(strip.width), bottom - top}, strip);
  }

  void draw_lead_name(std::size_t lead) {
    const LeadRow& row = layout_.rows[lead];
    const double x = left_ - 8, middle = top_ + row.top + row.height / 2;
    const double baseline = layout_.paper ? top_ + row.zero + 5 : middle + (large() ? 0 : 2);
    canvas_.text(x, baseline, lead_name(lead), {large() ? 15.0 : 13.0, Align::kRight, true, kInk, gutter_ - 10});
    if (layout_.paper) return;
    const std::string range = short_number(row.low) + " to " + short_number(row.high);
    canvas_.text(x, baseline + 14, range, {10, Align::kRight, false, kFaint, gutter_ - 10});
  }

  double amplitude(const LeadRow& row, float value) const {
    return top_ + row.zero - static_cast<double>(value) * row.pixels_per_unit;
  }

  // All steps as they are, or, when they are dense, the extremes of each pixel column in turn.
  void draw_trace(std::size_t lead) {
    const LeadRow& row = layout_.rows[lead];
    const double line_width = large() ? 1.4 : 1.1;
    const auto value = [&](std::int64_t t) {
      return panel_.signal.data[t * layout_.leads + static_cast<std::int64_t>(lead)];
    };
    const double per_step = layout_.plot_width / static_cast<double>(layout_.steps);
    canvas_.clip({left_, top_ + row.top, layout_.plot_width, row.height});
    if (layout_.steps <= 8 * static_cast<std::int64_t>(layout_.plot_width)) {
      std::int64_t t = 0;
      canvas_.polyline(
          [&](double& x, double& y) {
            if (t == layout_.steps) return false;
            x = left_ + (static_cast<double>(t) + 0.5) * per_step;
            y = amplitude(row, value(t++));
            return true;
          },
          kBlack, line_width);
    } else {
      draw_extremes(row, value, line_width);
    }
    canvas_.unclip();
  }

  template <class Value>
  void draw_extremes(const LeadRow& row, Value value, double line_width) {
    const auto pixels = static_cast<std::int64_t>(layout_.plot_width);
    std::int64_t point = 0;
    canvas_.polyline(
        [&](double& x, double& y) {
          const std::int64_t pixel = point / 2;
          if (pixel == pixels) return false;
          float low = HUGE_VALF, high = -HUGE_VALF;
          for (std::int64_t t = pixel * layout_.steps / pixels; t < (pixel + 1) * layout_.steps / pixels; ++t) {
            if (!std::isfinite(value(t))) continue;
            low = std::min(low, value(t));
            high = std::max(high, value(t));
          }
          x = left_ + static_cast<double>(pixel) + 0.5;
          y = amplitude(row, (point + pixel) % 2 == 0 ? low : high);  // zigzag: low, high, high, low, ...
          ++point;
          return true;
        },
        kBlack, line_width);
  }

  double time_length() const {
    return static_cast<double>(layout_.steps) / (panel_.sampling_rate > 0 ? panel_.sampling_rate : 1.0);
  }
  int ticks() const { return large() ? 10 : 6; }

  void draw_time_axis() {
    const double bottom = top_ + layout_.plot_height;
    const double step = tick_distance(time_length(), ticks());
    for (int i = 0; i * step <= time_length() * (1 + 1e-9); ++i) {
      const double x = left_ + i * step / time_length() * layout_.plot_width;
      canvas_.line(x, bottom, x, bottom + 5, kInk);
      canvas_.text(x, bottom + 18, short_number(i * step, 7), {12, Align::kCenter, false, kInk, 0});
    }
    const std::string unit = panel_.sampling_rate > 0 ? "time in s" : "time step";
    canvas_.text(left_ + layout_.plot_width / 2, bottom + 34, unit, {12, Align::kCenter, false, kInk, 0});
  }

  void draw_scale(const Tensor& map) {
    canvas_.text(left_ + layout_.plot_width, top_ + layout_.plot_height + kAxisRow + 12,
                 scale_text(map, panel_.style.colors, "NaN not shaded"),
                 {12, Align::kRight, false, kInk, layout_.plot_width});
  }

  void draw_footer() {
    const double y = height_ - kMargin - footer();
    const double middle = width_ / 2;
    std::string grid = "grid: time; each lead on its own scale, its range below its name";
    if (layout_.paper) {
      grid = "25 mm/s, 10 mm/mV; large box 0.2 s x 0.5 mV";
      if (layout_.millimetre >= 3) grid += ", small box 0.04 s x 0.1 mV";
    }
    canvas_.text(middle, y + 12, grid, {12, Align::kCenter, false, kFaint, width_ - 2 * kMargin});
    if (panel_.maps.empty()) return;
    draw_color_bar(canvas_, {std::round(middle - kBarWidth / 2), y + 24, kBarWidth, kBarHeight},
                   bar_of(panel_.style.colors), is_diverging(panel_.style.colors));
  }

  const SeriesPanel& panel_;
  std::int64_t figures_, columns_;
  SeriesLayout layout_;
  double gutter_, header_, width_, height_;
  Canvas canvas_;
  double left_ = 0, top_ = 0;  // of the figure being drawn
};

}  // namespace

Canvas image::drawn(const SeriesPanel& panel, Surface kind) {
  check(panel);
  return SeriesDrawing(panel, kind).draw();
}

Image draw_series(const SeriesPanel& panel) { return drawn(panel, Surface::kPixels).image(); }

}  // namespace signxai
