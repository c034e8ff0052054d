// Model files: formats by content, weights beside the architecture, and what is missing where something is.
#include <filesystem>
#include <fstream>

#include "importers/importer.h"
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

namespace fs = std::filesystem;

std::string data(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/hdf5/" + name;
}

/// A folder that is removed at the end of the test.
class KerasLoad : public testing::Test {
 protected:
  KerasLoad() {
    std::string pattern = (fs::temp_directory_path() / "signxai-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data()) ? pattern : "";
  }
  ~KerasLoad() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return (folder_ / name).string();
  }
  std::string copy(const std::string& from, const std::string& name) const {
    fs::copy_file(data(from), folder_ / name);
    return (folder_ / name).string();
  }
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

/// The architecture of keras2_weights.h5.
std::string architecture(const std::string& version = "2.12.0") {
  Json model = functional(
      {input_layer("input", {nullptr, 10, 10, 1}),
       called(layer("Conv2D", "conv", {{"filters", 4}, {"kernel_size", 3}, {"activation", "relu"}}), {{"input"}}),
       called(layer("AveragePooling2D", "avg", {{"pool_size", 2}}), {{"conv"}}),
       called(layer("Flatten", "flatten"), {{"avg"}}),
       called(layer("Dense", "prob", {{"units", 1}, {"activation", "sigmoid"}}), {{"flatten"}})},
      {"input"}, {"prob"});
  model["keras_version"] = version;
  return model.dump();
}

TEST_F(KerasLoad, FullModelUnderAnyName) {
  const graph::Network net = load_network(copy("keras2_model.h5", "renamed.keras"));
  EXPECT_EQ(names(net), (std::vector<std::string>{"input", "conv", "avg", "flatten", "prob"}));
  EXPECT_EQ(net.notes, std::vector<std::string>{});
}

TEST_F(KerasLoad, ArchitectureAndWeightsGiveTheSameNetwork) {
  const std::string json = write("net.txt", "\n  " + architecture());
  const graph::Network net = load_network(json, {data("keras2_model.h5")});
  EXPECT_TRUE(net.graph == load_network(data("keras2_model.h5")).graph);
}

TEST_F(KerasLoad, WeightsBesideTheArchitectureAreFoundAndNoted) {
  const std::string json = write("net.json", architecture());
  expect_error(ErrorCode::kNotFound, {"net.json", "net.h5", "weights.h5"}, [&] { load_network(json); });
  copy("keras2_model.h5", "weights.h5");
  EXPECT_THAT(load_network(json).notes, testing::ElementsAre(testing::HasSubstr("weights.h5")));
  copy("keras2_model.h5", "net.h5");
  EXPECT_THAT(load_network(json).notes, testing::ElementsAre(testing::HasSubstr("net.h5")));
}

TEST_F(KerasLoad, WeightsAlone) {
  expect_error(ErrorCode::kInvalidArgument, {"keras2_weights.h5", "no architecture", "to_json"},
               [] { load_network(data("keras2_weights.h5")); });
}

TEST_F(KerasLoad, OtherVersionsOfKeras) {
  expect_error(ErrorCode::kUnsupported, {"Keras 4.0"}, [&] { load_network(write("net.json", architecture("4.0.0"))); });
  expect_error(ErrorCode::kUnsupported, {"Keras 1.2"}, [&] { load_network(write("old.json", architecture("1.2.2"))); });
  expect_error(ErrorCode::kInvalidArgument, {"no architecture"}, [] { load_network(data("keras3.h5")); });
}

TEST_F(KerasLoad, OtherFormats) {
  expect_error(ErrorCode::kCorruptFile, {"zip archive", "damaged"},
               [&] { load_network(write("m.keras", "PK\x03\x04rest")); });
  expect_error(ErrorCode::kUnsupported, {"pickle", "executed"}, [&] { load_network(write("m.pkl", "\x80\x04rest")); });
  expect_error(ErrorCode::kUnsupported, {"folder", "model.save('x.keras')"}, [&] { load_network(folder().string()); });
  expect_error(ErrorCode::kUnsupported, {"not a model file"}, [&] { load_network(write("m.txt", "hello")); });
  expect_error(ErrorCode::kUnsupported, {"not a model file"}, [&] { load_network(write("empty.h5", "")); });
  expect_error(ErrorCode::kUnsupported, {"not a Keras model"}, [] { load_network(data("layouts.h5")); });
  expect_error(ErrorCode::kNotFound, {"nothing.h5"}, [] { load_network("nothing.h5"); });
  expect_error(ErrorCode::kCorruptFile, {"bad.json"}, [&] { load_network(write("bad.json", "{\"class_name\": ")); });
}

TEST_F(KerasLoad, WeightsOfAnotherModel) {
  Json model = Json::parse(architecture());
  model["config"]["layers"][1]["config"]["filters"] = 5;
  const std::string json = write("net.json", model.dump());
  expect_error(ErrorCode::kCorruptFile, {"conv (Conv2D)", "'kernel'", "got (3, 3, 1, 4)", "expected (3, 3, 1, 5)"},
               [&] { load_network(json, {data("keras2_model.h5")}); });
}

}  // namespace
}  // namespace signxai::keras
