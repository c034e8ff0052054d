// How maps become colours, and picture files in every format.
#include <cmath>

#include <gtest/gtest.h>

#include "image/heatmap.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

MapStyle style(Aggregate how) {
  MapStyle result;
  result.aggregate = how;
  return result;
}

TEST(MapStyle, JoinsChannels) {
  const Tensor map({1, 2, 3}, {1, -4, 1, 0, 3, 4});
  EXPECT_EQ(styled_plane(map, style(Aggregate::kSum)).data, (std::vector<float>{-2, 7}));
  EXPECT_FLOAT_EQ(styled_plane(map, style(Aggregate::kMean)).data[1], 7.0F / 3);
  EXPECT_EQ(styled_plane(map, style(Aggregate::kMaxAbs)).data, (std::vector<float>{-4, 4}));
  EXPECT_EQ(styled_plane(map, style(Aggregate::kL2)).data, (std::vector<float>{std::sqrt(18.0F), 5}));
  EXPECT_THROW(aggregate("median"), Error);
}

TEST(MapStyle, ClipsAtInterpolatedPercentiles) {
  Tensor map({1, 11});
  for (std::size_t i = 0; i < 11; ++i) map.data[i] = static_cast<float>(i) - 5;
  MapStyle clipped;
  clipped.clip = 15;  // numpy.percentile(arange(-5, 6), 15) is -3.5
  const Tensor plane = styled_plane(map, clipped);
  EXPECT_FLOAT_EQ(plane.data.front(), -3.5F);
  EXPECT_FLOAT_EQ(plane.data.back(), 3.5F);
  EXPECT_FLOAT_EQ(plane.data[2], -3);
  clipped.positive = true;
  EXPECT_FLOAT_EQ(styled_plane(map, clipped).data.front(), 0);
  clipped.clip = 50;
  EXPECT_THROW(styled_plane(map, clipped), Error);
}

TEST(MapStyle, ScalesAreSymmetricForDivergingMapsOnly) {
  const std::vector<float> values = {-1, 3, std::nanf("")};
  const image::Scale diverging = image::scale_of(values.data(), 3, ColorMap::kCoolwarm);
  EXPECT_EQ(std::pair(diverging.low, diverging.high), std::pair(-3.0F, 3.0F));
  const image::Scale sequential = image::scale_of(values.data(), 3, ColorMap::kMagma);
  EXPECT_EQ(std::pair(sequential.low, sequential.high), std::pair(-1.0F, 3.0F));
  EXPECT_TRUE(image::scale_of(values.data(), 0, ColorMap::kJet).empty());
}

TEST(MapStyle, OverlayShowsTheInputWhereNothingIsSaid) {
  const Tensor map({1, 3}, {0, 1, -1});
  const Image input{1, 3, 1, {200, 100, 100}, {}};
  MapStyle over;
  over.overlay = 1;
  const Image picture = draw_heatmap(map, over, 1, &input);
  EXPECT_EQ((Rgb{picture.pixels[0], picture.pixels[1], picture.pixels[2]}), (Rgb{200, 200, 200}));
  EXPECT_GT(picture.pixels[3], 200);  // red
  EXPECT_LT(picture.pixels[4], 50);
  EXPECT_GT(picture.pixels[8], 200);                                              // blue
  EXPECT_EQ(draw_heatmap(map, over, 1).pixels, draw_heatmap(map, {}, 1).pixels);  // nothing to lie over
  const Image large{4, 6, 1, std::vector<std::uint8_t>(24, 50), {}};
  EXPECT_EQ(draw_heatmap(map, over, 1, &large).height, 4);
}

TEST(ColorMaps, HaveNamesAndEnds) {
  for (const std::string& name : color_map_names()) EXPECT_NO_THROW(color_map(name));
  EXPECT_EQ(color_map_names().size(), 8U);
  EXPECT_EQ(colors(ColorMap::kBwr)[255], (Rgb{255, 0, 0}));
  EXPECT_EQ(colors(ColorMap::kRdBu)[0], (Rgb{5, 48, 97}));
  EXPECT_EQ(colors(ColorMap::kCoolwarm)[0], (Rgb{58, 76, 192}));
  EXPECT_TRUE(is_diverging(color_map("rdbu")));
  EXPECT_FALSE(is_diverging(color_map("jet")));
  EXPECT_THROW(color_map("rainbow"), Error);
}

TEST(PictureFiles, HoldTheirTextsInEveryFormat) {
  const Tensor map({4, 4});
  Panel panel;
  panel.input = Image{4, 4, 1, std::vector<std::uint8_t>(16, 90), {}};
  panel.maps = {{"gradient", "", map}};
  const PictureTexts texts{"a <title> & more", "{\"seed\": 7}"};
  const std::string png = encode_picture(panel, "png", texts), pdf = encode_picture(panel, ".PDF", texts),
                    svg = encode_picture(panel, "svg", texts);
  EXPECT_NE(png.find(std::string("provenance\0{\"seed\": 7}", 22)), std::string::npos);
  EXPECT_TRUE(pdf.starts_with("%PDF"));
  EXPECT_NE(pdf.find("seed"), std::string::npos);
  EXPECT_EQ(pdf.find("CreationDate"), std::string::npos);
  EXPECT_NE(svg.find("<metadata>{\"seed\": 7}</metadata>"), std::string::npos);
  EXPECT_NE(svg.find("<title>a &lt;title&gt; &amp; more</title>"), std::string::npos);
  EXPECT_THROW(encode_picture(panel, "gif"), Error);
}

TEST(PictureFiles, TakePicturesAndSeries) {
  const Image picture{2, 3, 3, std::vector<std::uint8_t>(18, 7), {}};
  const Tensor signal({50, 2});
  SeriesPanel series;
  series.signal = signal;
  series.maps = {{"gradient", "", signal}};
  for (const char* ending : {"png", "pdf", "svg"}) {
    EXPECT_GT(encode_picture(picture, ending).size(), 60U) << ending;
    EXPECT_GT(encode_picture(series, ending).size(), 1000U) << ending;
  }
}

}  // namespace
}  // namespace signxai
