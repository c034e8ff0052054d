// A picture and its relevance maps side by side.
#include <algorithm>
#include <cmath>

#include "image/canvas.h"
#include "image/heatmap.h"
#include "signxai/error.h"

namespace signxai {
namespace {

using namespace image;  // drawing vocabulary

constexpr double kTile = 240, kMinTileHeight = 48, kMaxTileHeight = 480;
constexpr double kGap = 22, kMargin = 20;
constexpr double kTitleRow = 20, kSubtitleRow = 17, kScaleRow = 19;
constexpr double kBarWidth = 300, kBarHeight = 14;

struct Layout {
  int columns, rows;
  double tile_height, subtitle, header;

  double cell_height() const { return kTitleRow + subtitle + tile_height + kScaleRow; }
  double width() const {
    return std::max(2 * kMargin + columns * kTile + (columns - 1) * kGap, 2 * kMargin + kBarWidth);
  }
  double height() const { return header + rows * (cell_height() + kGap) + kColorBarHeight + kMargin; }
};

Layout layout_of(const Panel& panel) {
  const auto tiles = static_cast<int>(panel.maps.size()) + 1;
  const int columns = std::min(std::max(panel.columns, 1), tiles);
  const double aspect = static_cast<double>(panel.input.height) / static_cast<double>(panel.input.width);
  const bool subtitled =
      std::any_of(panel.maps.begin(), panel.maps.end(), [](const LabelledMap& m) { return !m.subtitle.empty(); });
  const double header = kMargin + (panel.title.empty() ? 0 : 24) + (panel.subtitle.empty() ? 0 : 20);
  return {columns, (tiles + columns - 1) / columns,
          std::round(std::clamp(kTile * aspect, kMinTileHeight, kMaxTileHeight)), subtitled ? kSubtitleRow : 4.0,
          header};
}

// The largest box of the picture's proportions in the middle of a tile. Whole factors keep enlarged pixels equal.
Box fitted(const Box& tile, const Image& picture) {
  const auto width = static_cast<double>(picture.width), height = static_cast<double>(picture.height);
  double scale = std::min(tile.width / width, tile.height / height);
  if (scale > 1) scale = std::floor(scale);
  const double w = std::max(1.0, std::round(width * scale)), h = std::max(1.0, std::round(height * scale));
  return {std::round(tile.x + (tile.width - w) / 2), std::round(tile.y + (tile.height - h) / 2), w, h};
}

void draw_tile(Canvas& canvas, const Layout& layout, int index, const Image& picture, const LabelledMap& labels,
               const std::string& below) {
  const double x = kMargin + index % layout.columns * (kTile + kGap);
  double y = layout.header + index / layout.columns * (layout.cell_height() + kGap);
  const double middle = x + kTile / 2;
  canvas.text(middle, y + 14, labels.title, {14, Align::kCenter, true, kInk, kTile});
  y += kTitleRow;
  canvas.text(middle, y + 11, labels.subtitle, {12, Align::kCenter, false, kFaint, kTile});
  y += layout.subtitle;
  const Box box = fitted({x, y, kTile, layout.tile_height}, picture);
  canvas.picture(box, picture);
  canvas.frame({box.x - 1, box.y - 1, box.width + 2, box.height + 2}, {0.6, 0.6, 0.62});
  canvas.text(middle, y + layout.tile_height + 15, below, {12, Align::kCenter, false, kInk, kTile});
}

/// The whole scale as a row of pixels; overlays are shown on a middle gray.
Image bar_of(const MapStyle& style) {
  constexpr std::int64_t kSteps = 256;
  Tensor scale({1, kSteps});
  for (std::int64_t i = 0; i < kSteps; ++i) {
    const float share = static_cast<float>(i) / (kSteps - 1);
    scale.data[static_cast<std::size_t>(i)] = is_diverging(style.colors) ? 2 * share - 1 : share;
  }
  MapStyle plain(style.colors);
  plain.overlay = style.overlay;
  const Image gray{1, kSteps, 1, std::vector<std::uint8_t>(kSteps, 128), {}};
  return draw_heatmap(scale, plain, 1, &gray);
}

}  // namespace

Canvas image::drawn(const Panel& panel, Surface kind) {
  if (panel.input.height < 1 || panel.input.width < 1) {
    throw Error(ErrorCode::kInvalidArgument, "image", "panel", "has no input picture");
  }
  const Layout layout = layout_of(panel);
  Canvas canvas(layout.width(), layout.height(), kind);
  const double wide = layout.width() - 2 * kMargin;
  double y = kMargin + 6;
  if (!panel.title.empty()) canvas.text(kMargin, y, panel.title, {17, Align::kLeft, true, kInk, wide});
  if (!panel.title.empty()) y += 20;
  canvas.text(kMargin, y, panel.subtitle, {13, Align::kLeft, false, kFaint, wide});

  draw_tile(canvas, layout, 0, panel.input, {"input", "", {}},
            std::to_string(panel.input.width) + " x " + std::to_string(panel.input.height));
  int index = 1;
  for (const LabelledMap& map : panel.maps) {
    draw_tile(canvas, layout, index++, draw_heatmap(map.relevance, panel.style, 1, &panel.input), map,
              scale_text(styled_plane(map.relevance, panel.style), panel.style.colors, "NaN gray"));
  }
  const double bar_y = layout.height() - kMargin - kColorBarHeight;
  const Box bar = {std::round((layout.width() - kBarWidth) / 2), bar_y, kBarWidth, kBarHeight};
  draw_color_bar(canvas, bar, bar_of(panel.style), is_diverging(panel.style.colors));
  return canvas;
}

Image draw_panel(const Panel& panel) { return drawn(panel, Surface::kPixels).image(); }

}  // namespace signxai
