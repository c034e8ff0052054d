// Panels and series: sizes, where colours land, and that no peak and no odd input is lost. The look is judged by eye.
#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "image/series_layout.h"
#include "signxai/error.h"
#include "signxai/image.h"

// Read by LeakSanitizer, nobody else: fontconfig, which finds Cairo's fonts, keeps a parsed configuration for good.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\n";
}

namespace signxai {
namespace {

std::int64_t count_color(const Image& image, const Rgb& color) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    count += std::equal(color.begin(), color.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(i)) ? 1 : 0;
  }
  return count;
}

// Pixels that are clearly of the colour of "for" or "against" in a series.
std::int64_t count_tinted(const Image& image, bool against) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    const int red = image.pixels[i], blue = image.pixels[i + 2];
    count += (against ? blue - red : red - blue) > 100 ? 1 : 0;
  }
  return count;
}

Panel digit_panel(std::size_t maps, const Tensor& map) {
  Panel panel;
  panel.title = "digit.png";
  panel.input = Image{28, 28, 1, std::vector<std::uint8_t>(784, 90), {}};
  for (std::size_t i = 0; i < maps; ++i) panel.maps.push_back({"lrp_z", "class 3", map});
  return panel;
}

TEST(Panel, WrapsIntoRows) {
  const Tensor map({28, 28, 1});
  const Image three = draw_panel(digit_panel(3, map)), four = draw_panel(digit_panel(4, map));
  EXPECT_EQ(three.width, four.width);
  EXPECT_GT(four.height, three.height + 200);
  EXPECT_EQ(draw_panel(digit_panel(4, map)).pixels, four.pixels);
}

TEST(Panel, ShowsInputAndMaps) {
  Tensor map({28, 28, 1});
  std::fill(map.data.begin(), map.data.begin() + 392, 2.0F);
  std::fill(map.data.begin() + 392, map.data.end(), -2.0F);
  const Image image = draw_panel(digit_panel(1, map));
  EXPECT_GE(count_color(image, {90, 90, 90}), 224 * 224);
  EXPECT_GE(count_color(image, colors(ColorMap::kSeismic)[255]), 224 * 112);
  EXPECT_GE(count_color(image, colors(ColorMap::kSeismic)[0]), 224 * 112);
}

TEST(Panel, TakesOddTextsAndShapes) {
  const Tensor map({3, 400, 2});
  Panel panel = digit_panel(1, map);
  panel.maps[0].title = std::string(5000, 'x');
  panel.maps[0].subtitle = "\xff\xfe \xc3\xa4 \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82";  // mostly no UTF-8
  panel.title = "tab\tnew\nline";
  EXPECT_NO_THROW(draw_panel(panel));
  panel.input = Image{1, 5000, 3, std::vector<std::uint8_t>(15000), {}};
  EXPECT_NO_THROW(draw_panel(panel));
  panel.columns = -1;
  EXPECT_NO_THROW(draw_panel(panel));
}

TEST(Panel, RefusesWhatCannotBeDrawn) {
  const Tensor map({28, 28, 1}), bad({1, 2, 3, 4});
  EXPECT_THROW(draw_panel(Panel{}), Error);
  EXPECT_THROW(draw_panel(digit_panel(1, bad)), Error);
  Panel tall = digit_panel(400, map);
  tall.columns = 1;
  EXPECT_THROW(draw_panel(tall), Error);
}

Tensor sine(std::int64_t steps, std::int64_t leads) {
  Tensor signal({steps, leads});
  for (std::size_t i = 0; i < signal.data.size(); ++i) signal.data[i] = 0.5F * std::sin(static_cast<float>(i) * 0.01F);
  return signal;
}

TEST(SeriesLayout, UsesMillimetrePaperOnlyForMillivolts) {
  Tensor signal = sine(1000, 3);
  EXPECT_TRUE(image::layout_series(signal, 250, true).paper);
  EXPECT_FALSE(image::layout_series(signal, 0, true).paper);
  const image::SeriesLayout paper = image::layout_series(signal, 250, true);
  EXPECT_DOUBLE_EQ(paper.plot_width, 100 * paper.millimetre);  // 4 s at 25 mm/s
  EXPECT_DOUBLE_EQ(paper.rows[0].pixels_per_unit, 10 * paper.millimetre);
  for (const image::LeadRow& row : paper.rows) {
    EXPECT_GE(row.zero - row.top, 0.5 * row.pixels_per_unit);
    EXPECT_LE(row.zero + 0.5 * row.pixels_per_unit, row.top + row.height);
    EXPECT_NEAR(std::remainder(row.zero, 5 * paper.millimetre), 0, 1e-9);
  }
  for (float& value : signal.data) value *= 1000;
  EXPECT_FALSE(image::layout_series(signal, 250, true).paper);
}

TEST(SeriesLayout, KeepsTheStrongestOfEachPixel) {
  std::vector<float> values(100000);
  values[77777] = -3;
  values[12] = std::nanf("");
  const auto strongest =
      image::strongest_per_pixel(100000, 600, [&](std::int64_t t) { return values[static_cast<std::size_t>(t)]; });
  EXPECT_EQ(std::count(strongest.begin(), strongest.end(), -3.0F), 1);
  EXPECT_EQ(std::count(strongest.begin(), strongest.end(), 0.0F), 599);
  const auto few = image::strongest_per_pixel(2, 6, [](std::int64_t t) { return static_cast<float>(t + 1); });
  EXPECT_EQ(few, (std::vector<float>{1, 1, 1, 2, 2, 2}));
}

TEST(SeriesLayout, PicksRoundTicks) {
  EXPECT_DOUBLE_EQ(image::tick_distance(4, 10), 0.5);
  EXPECT_DOUBLE_EQ(image::tick_distance(2000, 10), 200);
  EXPECT_DOUBLE_EQ(image::tick_distance(0.9, 6), 0.2);
}

TEST(Series, ShadesForRedAndAgainstBlue) {
  const Tensor signal = sine(1000, 2);
  Tensor map({1000, 2});
  SeriesPanel panel;
  panel.signal = signal;
  panel.sampling_rate = 250;
  panel.maps = {{"lrp_z", "class 1", map}};
  const Image bare = draw_series(panel);
  map.data[1000] = 1;
  panel.maps[0].relevance = map;
  const Image red = draw_series(panel);
  map.data[1000] = -1;
  const Image blue = draw_series(panel);
  EXPECT_GT(count_tinted(red, false), count_tinted(bare, false) + 30);
  EXPECT_EQ(count_tinted(red, true), count_tinted(bare, true));
  EXPECT_GT(count_tinted(blue, true), count_tinted(bare, true) + 30);
}

TEST(Series, DrawsAPeakOfALongRecording) {
  Tensor signal({500000, 1});
  signal.data[123456] = 1;
  SeriesPanel panel;
  panel.signal = signal;
  const auto dark_rows = [](const Image& image) {
    std::set<std::int64_t> rows;
    for (std::int64_t y = 0; y < image.height; ++y) {
      // Right of the axis, left of the middle, where the peak is.
      for (std::int64_t x = 150; x < image.width / 2; ++x) {
        if (image.pixels[static_cast<std::size_t>((y * image.width + x) * 3)] < 130) rows.insert(y);
      }
    }
    return rows.size();
  };
  const Image peak = draw_series(panel);
  signal.data[123456] = 0;
  signal.data[499999] = 1;  // same scale, the peak elsewhere
  EXPECT_GT(dark_rows(peak), dark_rows(draw_series(panel)) + 40);
}

TEST(Series, TakesOddInputs) {
  SeriesPanel panel;
  Tensor constant({5, 1}), gaps = sine(50, 2), shared({50});
  panel.signal = constant;
  EXPECT_NO_THROW(draw_series(panel));
  panel.sampling_rate = 1e9;
  EXPECT_NO_THROW(draw_series(panel));
  gaps.data[7] = std::nanf("");
  gaps.data[8] = HUGE_VALF;
  shared.data[3] = std::nanf("");
  panel = SeriesPanel{};
  panel.signal = gaps;
  panel.sampling_rate = 10;
  panel.leads = {"a very long name of a lead that fits nowhere", "\xff"};
  panel.maps = {{"a", "", shared}, {"b", "", gaps}};
  EXPECT_NO_THROW(draw_series(panel));
}

TEST(Series, RefusesWhatDoesNotFit) {
  const Tensor signal = sine(50, 2), map({49, 2}), cube({5, 5, 2});
  SeriesPanel panel;
  panel.signal = signal;
  panel.maps = {{"lrp_z", "", map}};
  EXPECT_THROW(draw_series(panel), Error);
  panel.maps.clear();
  panel.leads = {"I"};
  EXPECT_THROW(draw_series(panel), Error);
  panel.leads.clear();
  panel.sampling_rate = -1;
  EXPECT_THROW(draw_series(panel), Error);
  panel.sampling_rate = 0;
  panel.signal = cube;
  EXPECT_THROW(draw_series(panel), Error);
  EXPECT_THROW(draw_series(SeriesPanel{}), Error);
}

}  // namespace
}  // namespace signxai
