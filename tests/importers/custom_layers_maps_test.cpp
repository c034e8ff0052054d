// A network with a custom class and the same network written out have the same maps, to the last bit: rules see the
// layers inside.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "importers/hdf5/hdf5_file.h"
#include "importers/keras_fixture.h"
#include "importers/zip/archive.h"
#include "signxai/array_file.h"
#include "signxai/explainer.h"

namespace signxai::keras {
namespace {

std::string source(const std::string& name) { return std::string(SIGNXAI_SOURCE_DIR) + "/" + name; }

CustomLayers documented() {
  std::ifstream in(source("docs/custom-layers.md"));
  const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::size_t begin = page.find("```json\n") + 8;
  return CustomLayers::parse(page.substr(begin, page.find("```", begin) - begin));
}

Json conv(const std::string& name, int kernel, const std::string& activation) {
  return layer("Conv2D", name,
               {{"filters", 4}, {"kernel_size", kernel}, {"padding", "same"}, {"activation", activation}});
}

/// The layers of one block; the first has a projection.
void add_block(std::vector<Json>& layers, const std::string& name, const std::string& input, bool project) {
  layers.push_back(called(conv(name + "_conv1", 3, "relu"), {{input}}));
  layers.push_back(called(layer("BatchNormalization", name + "_bn"), {{name + "_conv1"}}));
  layers.push_back(called(conv(name + "_conv2", 3, "linear"), {{name + "_bn"}}));
  if (project) layers.push_back(called(conv(name + "_shortcut", 1, "linear"), {{input}}));
  layers.push_back(called(layer("Add", name + "_sum"), {{name + "_conv2", project ? name + "_shortcut" : input}}));
  layers.push_back(called(layer("Activation", name + "_relu", {{"activation", "relu"}}), {{name + "_sum"}}));
}

Json written_out() {
  std::vector<Json> layers{input_layer("in", {nullptr, 8, 8, 3})};
  add_block(layers, "r0", "in", true);
  add_block(layers, "r1", "r0_relu", false);
  layers.push_back(called(layer("GlobalAveragePooling2D", "pool"), {{"r1_relu"}}));
  layers.push_back(called(layer("Dense", "dense", {{"units", 3}}), {{"pool"}}));
  return functional(layers, {"in"}, {"dense"});
}

LayerWeights weights_of(const hdf5::File& file, const std::string& layer, const std::string& group) {
  LayerWeights result{layer, {}};
  for (const hdf5::Object& array : file.at("layers/" + group + "/vars").children) {
    const hdf5::Float32Array values = file.read(array);
    result.arrays.push_back({array.name, values.shape, values.data.get(), values.data});
  }
  return result;
}

Model load_written_out() {
  const zip::Archive archive = zip::Archive::open(source("tests/importers/data/keras/custom.keras"));
  const hdf5::File file = hdf5::File::open(archive.read(*archive.find("model.weights.h5"), 1 << 20), "custom.keras");
  std::vector<LayerWeights> weights{weights_of(file, "dense", "dense")};
  for (const char* part : {"conv1", "bn", "conv2", "shortcut"}) {
    const std::string name = part;
    weights.push_back(weights_of(file, "r0_" + name, "res/" + name));
    if (name != "shortcut") weights.push_back(weights_of(file, "r1_" + name, "res_1/" + name));
  }
  return Model::from_memory(written_out().dump(), weights);
}

TEST(CustomLayersMaps, AreThoseOfTheNetworkWrittenOut) {
  LoadOptions options;
  options.custom_layers = documented();
  const Explainer composed(Model::load(source("tests/importers/data/keras/custom.keras"), options));
  const Explainer plain(load_written_out());
  const Tensor input = read_npz_member(source("tests/importers/data/keras/custom.npz"), "x0");
  EXPECT_EQ(composed.predict(input).front().data, plain.predict(input).front().data);
  std::vector<MethodRequest> requests;
  for (const char* method : {"gradient", "guided_backprop", "lrp_z", "lrp_epsilon_0_5_std_x", "lrp_alpha_2_beta_1",
                             "lrpsign_z", "flatlrp_z", "lrp_sequential_composite_b"}) {
    requests.push_back({method, {}});
  }
  const Explanation expected = plain.explain(input, requests), found = composed.explain(input, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(found.maps[i].map.data, expected.maps[i].map.data) << requests[i].name;
    const auto& values = found.maps[i].map.data;
    EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](float v) { return v != 0; })) << requests[i].name;
  }
}

}  // namespace
}  // namespace signxai::keras
