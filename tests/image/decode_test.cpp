// PNG and JPEG decoding against Pillow, and damaged files.
#include <gtest/gtest.h>

#include "signxai/array_file.h"
#include "signxai/error.h"
#include "signxai/image.h"
#include "support/temp_folder.h"

namespace signxai {
namespace {

using test::read_bytes;
using test::TempFolder;

const std::string kData = std::string(SIGNXAI_SOURCE_DIR) + "/tests/image/data/";

std::vector<float> as_floats(const Image& image) { return {image.pixels.begin(), image.pixels.end()}; }

class DecodedPicture : public testing::TestWithParam<const char*> {};

TEST_P(DecodedPicture, EqualsPillow) {
  const std::string name = GetParam();
  const Image image = load_image_file(kData + name);
  const Tensor rgb = read_npz_member(kData + "pillow.npz", "rgb:" + name);
  EXPECT_EQ((Shape{image.height, image.width, 3}), rgb.shape);
  EXPECT_EQ(as_floats(to_rgb(image)), rgb.data);
  EXPECT_EQ(as_floats(to_gray(image)), read_npz_member(kData + "pillow.npz", "gray:" + name).data);
}

INSTANTIATE_TEST_SUITE_P(Files, DecodedPicture,
                         testing::Values("gray.png", "rgba.png", "palette.png", "small.png", "gray1.png", "gray2.png",
                                         "gray16.png", "rgb16.png", "gray_alpha.png", "palette2_transparent.png",
                                         "cmyk.jpg", "progressive.jpg", "odd.jpg"),
                         [](const auto& picture) {
                           std::string name = picture.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST(Decode, KeepsChannelsAndNotesLosses) {
  EXPECT_EQ(load_image_file(kData + "gray.png").channels, 1);
  EXPECT_EQ(load_image_file(kData + "gray.jpg").channels, 1);
  EXPECT_EQ(load_image_file(kData + "small.png").channels, 3);
  EXPECT_EQ(load_image_file(kData + "palette2_transparent.png").channels, 3);
  EXPECT_EQ(load_image_file(kData + "rgba.png").channels, 4);
  EXPECT_EQ(load_image_file(kData + "gray_alpha.png").channels, 4);
  EXPECT_NE(load_image_file(kData + "gray16.png").note.find("above 255"), std::string::npos);
  EXPECT_EQ(load_image_file(kData + "gray.png").note, "");
}

TEST(Decode, GoesByContentNotByName) {
  const TempFolder folder;
  EXPECT_EQ(load_image_file(folder.put("picture.jpg", read_bytes(kData + "small.png"))).width, 97);
}

void expect_code(const std::string& path, ErrorCode code, const std::string& text,
                 std::int64_t max_pixels = kMaxPixels) {
  try {
    load_image_file(path, max_pixels);
    ADD_FAILURE() << path << " was read";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Decode, RefusesOtherFilesAndLargePictures) {
  const TempFolder folder;
  expect_code(folder.file("missing.png"), ErrorCode::kNotFound, "missing.png");
  expect_code(folder.put("a.png", ""), ErrorCode::kUnsupported, "empty");
  expect_code(folder.put("a.gif", "GIF89a..."), ErrorCode::kUnsupported, "neither PNG nor JPEG");
  expect_code(kData + "small.png", ErrorCode::kUnsupported, "too large; got 97x61", 97 * 61 - 1);
  expect_code(kData + "gray.jpg", ErrorCode::kUnsupported, "too large", 1000);
  EXPECT_EQ(load_image_file(kData + "small.png", 97 * 61).height, 61);
}

TEST(Decode, RefusesPicturesThatTheirBytesCannotHold) {
  const TempFolder folder;
  std::string jpeg = read_bytes(kData + "odd.jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\x30\x00\x30\x00", 4);  // height and width 12288
  expect_code(folder.put("bomb.jpg", jpeg), ErrorCode::kCorruptFile, "more pixels than its bytes can hold");
}

class DamagedPicture : public testing::TestWithParam<const char*> {};

TEST_P(DamagedPicture, ThrowsForTruncationsAndNeverCrashesOnChangedBytes) {
  const TempFolder folder;
  const std::string bytes = read_bytes(kData + GetParam());
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / 60);
  for (std::size_t length = 0; length + 2 < bytes.size(); length += step) {
    EXPECT_THROW(load_image_file(folder.put("cut", bytes.substr(0, length))), Error) << length;
  }
  for (std::size_t i = 0; i < bytes.size(); i += std::max<std::size_t>(1, bytes.size() / 300)) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0xa5);
    try {
      const Image image = load_image_file(folder.put("changed", changed));
      EXPECT_EQ(static_cast<std::int64_t>(image.pixels.size()), image.height * image.width * image.channels);
    } catch (const Error&) {
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedPicture,
                         testing::Values("small.png", "palette.png", "gray16.png", "odd.jpg", "progressive.jpg",
                                         "cmyk.jpg"));

TEST(EncodePng, RoundTripsAllChannelCounts) {
  const TempFolder folder;
  for (const int channels : {1, 3, 4}) {
    Image image{5, 7, channels, {}, {}};
    for (int i = 0; i < 35 * channels; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 37));
    const std::string path = folder.file(std::to_string(channels) + ".png");
    write_png(path, image);
    const Image back = load_image_file(path);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, image.pixels);
    EXPECT_THROW(write_png(path, image), Error);
    EXPECT_NO_THROW(write_png(path, image, true));
  }
}

TEST(EncodePng, RefusesInconsistentPictures) {
  EXPECT_THROW(encode_png(Image{2, 2, 3, std::vector<std::uint8_t>(11), {}}), Error);
  EXPECT_THROW(encode_png(Image{2, 2, 2, std::vector<std::uint8_t>(8), {}}), Error);
  EXPECT_THROW(encode_png(Image{}), Error);
}

}  // namespace
}  // namespace signxai
