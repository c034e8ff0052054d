// Relevance maps as numbers and colours, against the reference package and matplotlib.
#include "image/heatmap.h"

#include <cmath>

#include <gtest/gtest.h>

#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

const std::string kData = std::string(SIGNXAI_SOURCE_DIR) + "/tests/image/data/";

Tensor reference(const std::string& name) { return read_npz_member(kData + "reference.npz", name); }

TEST(Heatmap, NormalizesAndAggregatesAsTheReferenceDoes) {
  EXPECT_EQ(normalize_heatmap(reference("normalize_heatmap:in")).data, reference("normalize_heatmap:out").data);
  EXPECT_EQ(normalize_heatmap(aggregate_channels(reference("aggregate:in"))).data, reference("aggregate:out").data);
}

TEST(Heatmap, NormalizesDegenerateMapsToZero) {
  const std::vector<float> zeros(3);
  for (const float odd : {0.0F, std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    EXPECT_EQ(normalize_heatmap(Tensor({3}, {odd, odd == 0 ? 0.0F : 1.0F, odd})).data, zeros) << odd;
  }
  EXPECT_EQ(normalize_heatmap(Tensor({2}, {-4, 2})).data, (std::vector<float>{-1, 0.5F}));
}

TEST(Heatmap, HasMatplotlibsColours) {
  for (const auto& [name, map] : {std::pair{"seismic", ColorMap::kSeismic}, {"viridis", ColorMap::kViridis}}) {
    const Tensor expected = read_npz_member(kData + "pillow.npz", std::string("colors:") + name);
    for (std::size_t i = 0; i < 768; ++i)
      EXPECT_EQ(colors(map)[i / 3][i % 3], expected.data[i]) << name << " " << i / 3;
  }
  EXPECT_EQ(colors(ColorMap::kGray)[77], (Rgb{77, 77, 77}));
}

TEST(Heatmap, PicksColoursOnASymmetricScale) {
  EXPECT_EQ(image::color_index(-2, {-2, 2}, true), 0);
  EXPECT_EQ(image::color_index(0, {-2, 2}, true), 128);
  EXPECT_EQ(image::color_index(2, {-2, 2}, true), 255);
  EXPECT_EQ(image::color_index(HUGE_VALF, {-2, 2}, true), 255);
  EXPECT_EQ(image::color_index(0, {}, true), 128);
}

TEST(Heatmap, ChannelsMayBeFirst) {
  Tensor last({5, 6, 3}), first({3, 5, 6});
  for (std::size_t i = 0; i < 30; ++i) {
    for (std::size_t c = 0; c < 3; ++c) last.data[3 * i + c] = first.data[30 * c + i] = static_cast<float>(i * c) - 7;
  }
  EXPECT_EQ(styled_plane(first, {}).data, styled_plane(last, {}).data);
  EXPECT_EQ(picture_of(first).pixels, picture_of(last).pixels);
  EXPECT_EQ(image::channels_moved(last, true).data, first.data);
}

TEST(Heatmap, DrawsChannelSumsEnlarged) {
  const Tensor map({1, 2, 2}, {3, 1, -1, -1});                  // sums 4 and -2
  const Image picture = draw_heatmap(map, ColorMap::kGray, 6);  // a sequential map: from -2 to 4
  EXPECT_EQ(picture.height, 3);
  EXPECT_EQ(picture.width, 6);
  EXPECT_EQ(picture.pixels[0], 255);
  EXPECT_EQ(picture.pixels[9], 0);
  EXPECT_EQ(draw_heatmap(Tensor({28, 28, 1})).width, 224);
  EXPECT_EQ(draw_heatmap(Tensor({300, 200})).height, 300);
}

TEST(Heatmap, DrawsNaNGrayAndRefusesOtherRanks) {
  const Image picture = draw_heatmap(Tensor({2}, {std::nanf(""), 1}), ColorMap::kSeismic, 1);
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{128, 128, 128, 127, 0, 0}));
  EXPECT_THROW(draw_heatmap(Tensor({1, 2, 3, 4})), Error);
  EXPECT_THROW(draw_heatmap(Tensor(Shape{0, 3})), Error);
  EXPECT_THROW(draw_heatmap(Tensor(Shape{})), Error);
}

TEST(PictureOf, StretchesInputs) {
  EXPECT_EQ(picture_of(Tensor({1, 3}, {-1, 0, 1})).pixels, (std::vector<std::uint8_t>{0, 128, 255}));
  EXPECT_EQ(picture_of(Tensor({1, 1, 3}, {0, 5, 10})).channels, 3);
  EXPECT_EQ(picture_of(Tensor({1, 2, 2}, {0, 2, 3, 3})).pixels, (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(picture_of(Tensor({2, 2})).pixels, std::vector<std::uint8_t>(4, 0));
  EXPECT_EQ(picture_of(Tensor({1, 3}, {std::nanf(""), 0, 1})).pixels[0], 128);
}

}  // namespace
}  // namespace signxai
