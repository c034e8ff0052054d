// Preprocessing: presets against the reference package, JSON, and the messages when picture and network do not fit.
#include <gtest/gtest.h>

#include "signxai/array_file.h"
#include "signxai/error.h"
#include "signxai/image.h"
#include "support/temp_folder.h"

namespace signxai {
namespace {

const std::string kData = std::string(SIGNXAI_SOURCE_DIR) + "/tests/image/data/";

template <class Call>
void expect_refusal(const std::string& text, Call call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected one about: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

Image picture(int channels) {
  Image image{2, 3, channels, {}, {}};
  for (int i = 0; i < 6 * channels; ++i) image.pixels.push_back(static_cast<std::uint8_t>(40 * i));
  return image;
}

TEST(Preprocess, Vgg16EqualsTheReferenceBitByBit) {
  int cases = 0;
  for (const NamedTensor& array : read_npz(kData + "reference.npz")) {
    if (!array.name.starts_with("vgg16:")) continue;
    const Image image = load_image_file(kData + array.name.substr(6));
    const Tensor input = preprocess(image, preprocess_preset("vgg16"), {-1, -1, 3});
    EXPECT_EQ(input.shape, array.tensor.shape);
    EXPECT_EQ(input.data, array.tensor.data) << array.name;
    ++cases;
  }
  EXPECT_EQ(cases, 5);
}

TEST(Preprocess, UnitDividesAsFloat32Does) {
  Image ramp{1, 256, 1, {}, {}};
  for (int i = 0; i < 256; ++i) ramp.pixels.push_back(static_cast<std::uint8_t>(i));
  const Tensor unit = preprocess(ramp, preprocess_preset("unit"), {1, 256, 1});
  const Preprocess signed_unit = preprocess_from_json(R"({"scale": 0.00784313725490196, "mean": 1})");
  const Tensor centred = preprocess(ramp, signed_unit, {-1, -1, 1});
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(unit.data[i], static_cast<float>(i) / 255.0F);
    EXPECT_EQ(centred.data[i], static_cast<float>(i) / 127.5F - 1.0F);
  }
}

TEST(Preprocess, FitsChannelsToTheNetwork) {
  const Preprocess none = preprocess_preset("none");
  EXPECT_EQ(preprocess(picture(1), none, {2, 3, 3}).data[4], 40);  // second pixel, replicated
  EXPECT_EQ(preprocess(picture(3), none, {2, 3, 1}).data[0], (0 * 19595 + 40 * 38470 + 80 * 7471 + 0x8000) >> 16);
  EXPECT_EQ(preprocess(picture(4), none, {2, 3, 3}).data[3], 160);  // alpha dropped
  EXPECT_EQ(preprocess(picture(4), none, {2, 3, 4}).data[3], 120);
  EXPECT_EQ(preprocess(picture(3), none, {2, 3, 4}).data[3], 255);
  EXPECT_EQ(preprocess(picture(3), none, {2, 3}).shape, (Shape{2, 3}));
  EXPECT_EQ(preprocess(picture(3), none, {-1, -1, -1}).shape, (Shape{2, 3, 3}));
  EXPECT_EQ(preprocess(picture(1), none, {-1, -1, -1}).shape, (Shape{2, 3, 1}));
}

TEST(Preprocess, FollowsJson) {
  const Preprocess bgr = preprocess_from_json(R"({"order": "bgr", "mean": [1, 2, 3]})");
  EXPECT_EQ(preprocess(picture(3), bgr, {2, 3, 3}).data[0], 79);
  const Preprocess gray = preprocess_from_json(R"({"order": "gray", "size": [4, 6], "resize": "bilinear"})");
  EXPECT_EQ(preprocess(picture(3), gray, {4, 6, 3}).shape, (Shape{4, 6, 3}));
  const Preprocess cubic = preprocess_from_json(R"({"size": [1, 2], "resize": "bicubic"})");
  EXPECT_EQ(preprocess(picture(3), cubic, {-1, -1, 3}).shape, (Shape{1, 2, 3}));
  EXPECT_EQ(describe(cubic), "json: bicubic resize to 1x2, pixel");
  EXPECT_EQ(describe(bgr), "json: BGR, pixel - (1, 2, 3)");
  EXPECT_EQ(describe(preprocess_preset("vgg16")),
            "vgg16: nearest resize to 224x224, BGR, pixel - (103.939, 116.779, 123.68)");
  EXPECT_EQ(describe(preprocess_preset("unit")), "unit: pixel / 255");
}

TEST(Preprocess, RefusesBadJson) {
  const auto refuse = [](const std::string& json, const std::string& text) {
    expect_refusal(text, [&] { preprocess_from_json(json); });
  };
  refuse("", "no JSON object");
  refuse("[1]", "no JSON object");
  refuse("{\"size\": [224, 224]", "no JSON object");
  refuse(R"({"sizes": [1, 1]})", "unknown key 'sizes'; expected size, resize, order, scale, mean");
  refuse(R"({"size": 224})", "[height, width]");
  refuse(R"({"size": [0, 1]})", "whole numbers");
  refuse(R"({"size": [1.5, 1]})", "whole numbers");
  refuse(R"({"size": [1, 99999999999]})", "whole numbers");
  refuse(R"({"order": "hsv"})", "\"hsv\"");
  refuse(R"({"order": 3})", "'order' is 3");
  refuse(R"({"size": [1, 1], "resize": "lanczos"})", "lanczos");
  refuse(R"({"resize": "nearest"})", "without 'size'");
  refuse(R"({"scale": "1/255"})", "'scale' is not a number");
  refuse(R"({"scale": 0})", "'scale' is 0");
  refuse(R"({"mean": []})", "'mean' has 0 values");
  refuse(R"({"mean": [1, "a"]})", "'mean' is not a number");
  refuse(R"({"mean": 127.5, "scale": 0.0078431372549})", "subtracted after scaling");
}

TEST(Preprocess, SaysWhatDoesNotFit) {
  const auto refuse = [](const Preprocess& p, const Shape& shape, const std::string& text) {
    expect_refusal(text, [&] { preprocess(picture(3), p, shape); });
  };
  refuse(preprocess_preset("unit"), {28, 28, 1},
         "got 2x3 (height x width), expected 28x28; try a JSON preprocess: {\"size\": [28, 28]");
  refuse(preprocess_preset("vgg16"), {64, 64, 3}, "makes pictures of another size; got 224x224");
  refuse(preprocess_preset("vgg16"), {64, 64, 3}, "\"order\": \"bgr\", \"mean\": [103.939, 116.779, 123.68]}");
  refuse(preprocess_preset("vgg16"), {224, 224, 1}, "makes 3 channels, the network takes 1");
  refuse(preprocess_preset("none"), {784}, "takes no picture; got input shape (784,)");
  refuse(preprocess_preset("none"), {2, 224, 224}, "takes no picture");
  refuse(preprocess_preset("none"), {3, 224, 224}, "the picture has another size");
  refuse(preprocess_from_json(R"({"mean": [1, 2]})"), {2, 3, 3}, "expected 1 or 3");
}

TEST(Preprocess, LoadsByNameOrPath) {
  const test::TempFolder folder;
  EXPECT_EQ(load_preprocess("unit").name, "unit");
  EXPECT_EQ(load_preprocess(folder.put("p.json", R"({"scale": 2})")).scale, 2.0);
  expect_refusal("p.json: unknown key", [&] { load_preprocess(folder.put("p.json", R"({"x": 2})")); });
  try {
    load_preprocess("vgg19");
    ADD_FAILURE() << "unknown name taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(error.message().find("none, unit, vgg16"), std::string::npos);
  }
}

}  // namespace
}  // namespace signxai
