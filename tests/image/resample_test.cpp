// Resampling against Pillow.
#include "image/resample.h"

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

const std::string kPillow = std::string(SIGNXAI_SOURCE_DIR) + "/tests/image/data/pillow.npz";

TEST(Resample, BicubicEqualsPillowBitByBit) {
  int cases = 0;
  for (const NamedTensor& array : read_npz(kPillow)) {
    if (!array.name.starts_with("bicubic:") || !array.name.ends_with(":in")) continue;
    const Tensor expected = read_npz_member(kPillow, array.name.substr(0, array.name.size() - 2) + "out");
    const std::vector<std::uint8_t> plane(array.tensor.data.begin(), array.tensor.data.end());
    const auto resized =
        resize_bicubic_u8(plane, array.tensor.shape[0], array.tensor.shape[1], expected.shape[0], expected.shape[1]);
    EXPECT_EQ(std::vector<float>(resized.begin(), resized.end()), expected.data) << array.name;
    ++cases;
  }
  EXPECT_EQ(cases, 7);
}

TEST(Resample, NearestEqualsPillow) {
  int cases = 0;
  for (const NamedTensor& array : read_npz(kPillow)) {
    int from = 0, to = 0;
    if (std::sscanf(array.name.c_str(), "nearest:%d:%d", &from, &to) != 2) continue;
    const std::vector<std::int64_t> indices = image::nearest_indices(from, to);
    EXPECT_EQ(std::vector<float>(indices.begin(), indices.end()), array.tensor.data) << array.name;
    ++cases;
  }
  EXPECT_EQ(cases, 7);
}

TEST(Resample, RefusesBadExtents) {
  EXPECT_THROW(resize_bicubic_u8({1}, 1, 1, 0, 1), Error);
  EXPECT_THROW(resize_bicubic_u8({1}, 1, 2, 1, 1), Error);
  EXPECT_THROW(resize_bilinear(Tensor({2, 2}), 1, 1), Error);
}

TEST(Resample, BilinearHasHalfPixelCentres) {
  const Tensor row({1, 2, 1}, {0, 4});
  EXPECT_EQ(resize_bilinear(row, 1, 4).data, (std::vector<float>{0, 1, 3, 4}));
  const Tensor two({2, 2, 2}, {0, 10, 4, 14, 8, 18, 12, 22});
  EXPECT_EQ(resize_bilinear(two, 1, 1).data, (std::vector<float>{6, 16}));
  EXPECT_EQ(resize_bilinear(two, 2, 2).data, two.data);
}

TEST(Resample, EnlargesByWholeFactors) {
  const Image image{1, 2, 1, {10, 20}, {}};
  const Image large = enlarge(image, 5);
  EXPECT_EQ(large.height, 3);
  EXPECT_EQ(large.width, 6);
  EXPECT_EQ(std::count(large.pixels.begin(), large.pixels.end(), 10), 9);
  EXPECT_EQ(enlarge(image, 2).width, 2);
}

}  // namespace
}  // namespace signxai
