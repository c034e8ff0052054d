// A text once per map: lines of tokens, each on the colour of its relevance.
#include "image/tokens.h"

#include <algorithm>
#include <cmath>

#include "image/canvas.h"
#include "image/heatmap.h"
#include "signxai/error.h"

namespace signxai {
namespace {

using namespace image;  // drawing vocabulary

constexpr double kWidth = 840, kMargin = 20, kLine = 30, kBox = 24, kPadding = 4, kGap = 3;
constexpr double kTitleRow = 26, kMapGap = 16, kBarWidth = 300, kBarHeight = 14;
constexpr TextStyle kTokenStyle{15};
constexpr std::size_t kShortestRun = 4;

/// One value per token, styled.
Tensor token_values(const TensorView& map, const MapStyle& style) {
  const std::int64_t features = map.shape.size() == 2 ? map.shape[1] : 1;
  return styled_plane({{map.shape.front(), 1, features}, map.data}, style);
}

Rgb shade_of(float value, const Scale& scale, ColorMap map) {
  if (std::isnan(value)) return {128, 128, 128};
  return colors(map)[static_cast<std::size_t>(color_index(value, scale, is_diverging(map)))];
}

/// Where a token stands.
struct Placed {
  ShadedToken token;
  double x, y, width;
};

struct Block {
  const LabelledMap* map;
  std::vector<Placed> tokens;
  double height = 0;
};

Block block_of(Canvas& ruler, const TokenPanel& panel, const LabelledMap& map) {
  Block block{&map, {}, 0};
  const double most = kWidth - 2 * kMargin;
  double x = 0, y = 0;
  for (ShadedToken& token : shade_tokens(panel.tokens, map.relevance, panel.style)) {
    const double width = std::min(most, std::ceil(ruler.text_width(label_of(token), kTokenStyle)) + 2 * kPadding);
    if (x > 0 && x + width > most) x = 0, y += kLine;
    block.tokens.push_back({std::move(token), x, y, width});
    x += width + kGap;
  }
  block.height = kTitleRow + (map.subtitle.empty() ? 0 : 18) + y + kLine;
  return block;
}

void draw_block(Canvas& canvas, const Block& block, const MapStyle& style, double top) {
  const double wide = kWidth - 2 * kMargin;
  canvas.text(kMargin, top + 16, block.map->title, {15, Align::kLeft, true, kInk, wide * 0.65});
  canvas.text(kWidth - kMargin, top + 16, scale_text(*block.map, style), {12, Align::kRight, false, kInk, wide * 0.3});
  top += kTitleRow;
  if (!block.map->subtitle.empty()) {
    canvas.text(kMargin, top + 10, block.map->subtitle, {12, Align::kLeft, false, kFaint, wide});
    top += 18;
  }
  for (const Placed& placed : block.tokens) {
    const Rgb& color = placed.token.color;
    const Box box{kMargin + placed.x, top + placed.y, placed.width, kBox};
    canvas.fill(box, {color[0] / 255.0, color[1] / 255.0, color[2] / 255.0});
    TextStyle text = kTokenStyle;
    text.color = needs_light_text(color) ? kWhite : kBlack;
    text.max_width = placed.width - 2 * kPadding;
    canvas.text(box.x + kPadding, box.y + 17, label_of(placed.token), text);
  }
}

Image bar_of(const MapStyle& style) {
  Image bar{1, 256, 3, {}, {}};
  for (const Rgb& color : colors(style.colors)) bar.pixels.insert(bar.pixels.end(), color.begin(), color.end());
  return bar;
}

}  // namespace

bool image::needs_light_text(const Rgb& background) {
  return 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2] < 128;
}

std::string image::label_of(const ShadedToken& token) {
  return token.count == 1 ? token.text : token.text + " \xC3\x97 " + std::to_string(token.count);
}

std::string image::scale_text(const LabelledMap& map, const MapStyle& style) {
  return scale_text(token_values(map.relevance, style), style.colors, "NaN gray");
}

void image::check(const TokenPanel& panel) {
  for (const LabelledMap& map : panel.maps) {
    const Shape& shape = map.relevance.shape;
    const bool fits = (shape.size() == 1 || shape.size() == 2) && !panel.tokens.empty() &&
                      shape[0] == static_cast<std::int64_t>(panel.tokens.size()) && element_count(shape) > 0;
    if (fits) continue;
    throw Error(ErrorCode::kInvalidArgument, "image", "text",
                "map '" + map.title + "' has shape " + to_string(shape) + "; expected (" +
                    std::to_string(panel.tokens.size()) + ", features), the number of tokens first");
  }
}

std::vector<ShadedToken> shade_tokens(const std::vector<std::string>& tokens, const TensorView& map,
                                      const MapStyle& style) {
  check(TokenPanel{{}, {}, tokens, {{"", "", map}}});
  const Tensor values = token_values(map, style);
  const Scale scale = scale_of(values.data.data(), values.data.size(), style.colors);
  std::vector<ShadedToken> shaded;
  for (std::size_t i = 0; i < tokens.size();) {
    std::size_t end = i + 1;
    while (end < tokens.size() && values.data[i] == 0 && values.data[end] == 0 && tokens[end] == tokens[i]) ++end;
    if (end - i < kShortestRun) end = i + 1;
    shaded.push_back(
        {tokens[i], values.data[i], shade_of(values.data[i], scale, style.colors), static_cast<std::int64_t>(end - i)});
    i = end;
  }
  return shaded;
}

Canvas image::drawn(const TokenPanel& panel, Surface kind) {
  check(panel);
  Canvas ruler(1, 1);
  std::vector<Block> blocks;
  const double header = kMargin + (panel.title.empty() ? 0 : 24) + (panel.subtitle.empty() ? 0 : 20);
  double height = header + kColorBarHeight + kMargin;
  for (const LabelledMap& map : panel.maps) {
    blocks.push_back(block_of(ruler, panel, map));
    height += blocks.back().height + kMapGap;
  }
  Canvas canvas(kWidth, height, kind);
  const double wide = kWidth - 2 * kMargin;
  canvas.text(kMargin, kMargin + 6, panel.title, {17, Align::kLeft, true, kInk, wide});
  canvas.text(kMargin, header - 10, panel.subtitle, {13, Align::kLeft, false, kFaint, wide});
  double top = header;
  for (const Block& block : blocks) {
    draw_block(canvas, block, panel.style, top);
    top += block.height + kMapGap;
  }
  draw_color_bar(canvas, {(kWidth - kBarWidth) / 2, top, kBarWidth, kBarHeight}, bar_of(panel.style),
                 is_diverging(panel.style.colors));
  return canvas;
}

Image draw_tokens(const TokenPanel& panel) { return drawn(panel, Surface::kPixels).image(); }

}  // namespace signxai
