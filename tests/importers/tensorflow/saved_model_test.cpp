// SavedModels that TensorFlow wrote (tests/importers/data/savedmodel): outputs and gradients are TensorFlow's, maps
// those of the same model in an HDF5 file. And their variables: files, parts, number types.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/crc32c.h"
#include "importers/stored_case.h"
#include "importers/tensorflow/load.h"
#include "importers/tensorflow/saved_model.h"
#include "signxai/explainer.h"

namespace signxai::keras {
namespace {

const std::string kFolder = "savedmodel/";

std::string data(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/" + kFolder + name;
}

struct Case {
  const char* network;
  const char* form;
  bool same_bits;
};

void expect_maps_of_file(const Case& c) {
  const Explainer saved(Model::load(data(std::string(c.network) + "_" + c.form + ".saved")));
  const Explainer file(Model::load(data(std::string(c.network) + ".h5")));
  const graph::Array x = stored(data(std::string(c.network) + ".npz"), "x");
  const Tensor input(x.shape, {x.data.begin(), x.data.end()});
  for (const char* method : {"gradient", "lrp_z", "lrp_epsilon_1", "lrp_alpha_1_beta_0", "lrpsign_z"}) {
    if (std::string(c.network) == "recurrent" && std::string(method) != "gradient") continue;
    const auto map_of = [&](const Explainer& explainer) {
      return explainer.explain(input, {{method, {}}}, Target::index(1)).maps.at(0).map;
    };
    const Tensor found = map_of(saved), expected = map_of(file);
    ASSERT_EQ(found.shape, expected.shape);
    float largest = 0;
    for (const float value : expected.data) largest = std::max(largest, std::fabs(value));
    EXPECT_GT(largest, 0) << method;
    for (std::size_t i = 0; i < found.data.size(); ++i) {
      ASSERT_NEAR(found.data[i], expected.data[i], c.same_bits ? 0.0f : 1e-4f * largest) << method << " " << i;
    }
  }
}

class SavedModels : public testing::TestWithParam<Case> {};

TEST_P(SavedModels, OutputsGradientAndMaps) {
  const Case c = GetParam();
  const graph::Network network = load_network(data(std::string(c.network) + "_" + c.form + ".saved"));
  const std::string file = data(std::string(c.network) + ".npz");
  const graph::Array x = stored(file, "x");
  expect_close(run(graph::bind(network, {x.shape}), x), stored(file, "y"));
  const Explainer explainer(Model::load(data(std::string(c.network) + "_" + c.form + ".saved")));
  const Tensor input(x.shape, {x.data.begin(), x.data.end()});
  const Tensor gradient = explainer.explain(input, {{"gradient", {}}}, Target::index(1)).maps.at(0).map;
  const graph::Array expected = stored(file, "g");
  double largest = 0;
  for (const double value : expected.data) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < expected.data.size(); ++i)
    ASSERT_NEAR(gradient.data[i], expected.data[i], 1e-5 * largest);
  expect_maps_of_file(c);
}

INSTANTIATE_TEST_SUITE_P(Stored, SavedModels,
                         testing::Values(Case{"images", "keras", true}, Case{"images", "function", false},
                                         Case{"series", "function", false}, Case{"recurrent", "keras", true}),
                         [](const auto& param) { return std::string(param.param.network) + "_" + param.param.form; });

TEST(SavedModel, LayersAreRecovered) {
  const graph::Network network = load_network(data("images_function.saved"));
  std::string names;
  for (const graph::LayerCall& each : network.calls) names += each.name + ":" + each.class_name + " ";
  EXPECT_EQ(names,
            "image:InputLayer first:Conv2D norm:BatchNormalization inner/conv2d:Conv2D inner/re_lu:Activation sum:Add "
            "apart:SeparableConv2D apart/mul_1:Activation pad:ZeroPadding2D wide:Conv2D mean:GlobalAveragePooling2D "
            "head:Dense ");
  EXPECT_EQ(call(network, "first").activation, "relu");
  EXPECT_NE(network.notes.at(0).find("inference function"), std::string::npos);
}

TEST(SavedModel, ThePathOfTheFileItselfAndWhatItConsistsOf) {
  const std::string folder = data("images_keras.saved");
  EXPECT_EQ(load_network(folder + "/saved_model.pb").calls.size(), load_network(folder + "/").calls.size());
  const auto files = Model::load(folder).files();
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[0].path, folder + "/keras_metadata.pb");
  EXPECT_EQ(files[1].path, folder + "/saved_model.pb");
  EXPECT_EQ(files[2].path, folder + "/variables/variables.data-00000-of-00001");
  EXPECT_EQ(files[3].path, folder + "/variables/variables.index");
  EXPECT_EQ(files[0].sha256.size(), 64u);
}

TEST(SavedModel, BundleOfSeveralFilesPartsAndTypes) {
  tensorflow::Bundle bundle(tensorflow::files_of(data("bundle")), "bundle");
  const auto values = [&](const std::string& key) {
    const graph::Literal literal = bundle.read(key, key);
    return std::vector<float>(literal.data(), literal.data() + literal.size());
  };
  std::vector<float> whole(24);
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<float>(i);
  EXPECT_EQ(values("parted"), whole);
  EXPECT_EQ(bundle.read("parted", "").shape(), (Shape{4, 6}));
  EXPECT_EQ(values("half"), (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(values("brain"), (std::vector<float>{3.0f, 0.25f}));
  EXPECT_EQ(values("double"), (std::vector<float>{1e-3f}));
  EXPECT_EQ(values("whole"), (std::vector<float>{7, -8}));
  EXPECT_EQ(values("truth"), (std::vector<float>{1, 0}));
  EXPECT_EQ(bundle.text("text"), "name");
  EXPECT_EQ(bundle.notes().at(0), "weights are stored as bfloat16, float16, float64 and were converted to float32");
  expect_error(ErrorCode::kCorruptFile, {"text", "is of string"}, [&] { bundle.read("text", ""); });
  expect_error(ErrorCode::kCorruptFile, {"none", "no such tensor"}, [&] { bundle.read("none", ""); });
}

TEST(SavedModel, KeysOfParts) {
  tensorflow_messages::TensorSliceProto slice;
  slice.add_extent();  // the whole axis
  slice.add_extent()->set_start(100);
  slice.mutable_extent(1)->set_length(1000000);
  EXPECT_EQ(tensorflow::slice_key("a", slice), std::string("\0a\0\1\1\2\x80\x7f\xc0\x64\xef\x42\x40", 13));
}

TEST(Crc32c, KnownSums) {
  const std::string digits = "123456789";
  EXPECT_EQ(base::crc32c(reinterpret_cast<const std::byte*>(digits.data()), digits.size()), 0xe3069283u);
  EXPECT_EQ(base::crc32c(nullptr, 0), 0u);
  EXPECT_EQ(base::masked_crc32c(0u), 0xa282ead8u);
}

}  // namespace
}  // namespace signxai::keras
