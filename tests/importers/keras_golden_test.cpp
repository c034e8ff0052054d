// Networks of the golden cases: logits, outputs and activations against those of the package that wrote them, in double
// precision. Cases lie in tests/golden/data; SIGNXAI_GOLDENS names a folder with more.
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "importers/hdf5/hdf5_file.h"
#include "importers/importer.h"
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

namespace fs = std::filesystem;

// TensorFlow sums in float32; the error of its own sums is the tolerance, relative to the largest value.
constexpr double kTolerance = 3e-6;

std::vector<fs::path> golden_folders() {
  std::vector<fs::path> folders{fs::path(SIGNXAI_SOURCE_DIR) / "tests/golden/data"};
  if (const char* more = std::getenv("SIGNXAI_GOLDENS")) folders.insert(folders.begin(), more);
  return folders;
}

/// The folder of a case, or an empty path.
fs::path folder_of(const std::string& name) {
  for (const fs::path& folder : golden_folders()) {
    if (fs::exists(folder / name / "golden.h5")) return folder / name;
  }
  return {};
}

graph::Array read(const hdf5::File& file, const hdf5::Object& object) {
  const hdf5::Float32Array stored = file.read(object);
  graph::Array result(stored.shape);
  for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] = stored.data.get()[i];
  return result;
}

/// A data set, or the one of that name in a group where the model has several.
const hdf5::Object* find(const hdf5::File& file, const std::string& path, const std::string& name) {
  const hdf5::Object* object = file.root().find(path);
  return object && object->is_group() ? object->find(name) : object;
}

void expect_close(const graph::Array& got, const graph::Array& expected, const std::string& what) {
  ASSERT_EQ(got.shape, expected.shape) << what;
  double deviation = 0, largest = 0;
  for (std::size_t i = 0; i < got.data.size(); ++i) {
    deviation = std::max(deviation, std::fabs(got.data[i] - expected.data[i]));
    largest = std::max(largest, std::fabs(expected.data[i]));
  }
  EXPECT_LE(deviation, kTolerance * largest + 1e-12) << what;
}

class KerasGolden : public testing::TestWithParam<const char*> {};

TEST_P(KerasGolden, ForwardPass) {
  const fs::path folder = folder_of(GetParam());
  if (folder.empty()) GTEST_SKIP() << "not among the vendored cases";
  const bool whole = fs::exists(folder / "model.h5");
  const graph::Network net = load_network((folder / (whole ? "model.h5" : "model.json")).string());
  graph::verify(net.graph);
  const hdf5::File golden = hdf5::File::open((folder / "golden.h5").string());
  std::vector<graph::Array> inputs;
  for (const graph::Value v : net.graph.inputs()) {
    inputs.push_back(read(golden, *find(golden, "input", net.graph[v].attrs.text("name"))));
  }
  const auto logits = reference::evaluate(net.graph, inputs);
  const auto outputs = reference::evaluate(net.probabilities, logits);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = net.graph.outputs()[i].name;
    expect_close(outputs[i], read(golden, *find(golden, "output", name)), "output " + name);
    const hdf5::Object* stored = find(golden, "logits", name);
    if (stored && !net.removed_head.layer.empty()) expect_close(logits[i], read(golden, *stored), "logits " + name);
  }
  const hdf5::Object* activations = golden.root().find("activations");
  graph::Builder b(net.graph);
  b.clear_outputs();
  std::vector<const hdf5::Object*> stored;
  for (const graph::LayerCall& layer_call : net.calls) {
    const hdf5::Object* object = activations ? activations->find(layer_call.name) : nullptr;
    if (!object || layer_call.name == net.removed_head.layer) continue;
    b.output(layer_call.name, layer_call.output);
    stored.push_back(object);
  }
  const auto values = reference::evaluate(b.graph(), inputs);
  for (std::size_t i = 0; i < stored.size(); ++i) expect_close(values[i], read(golden, *stored[i]), stored[i]->path);
}

INSTANTIATE_TEST_SUITE_P(Cases, KerasGolden,
                         testing::Values("digits_mlp", "digits_cnn", "digits_cnn_bn", "digits_resnet", "vgg_mini",
                                         "vgg_places_mini", "resnet_mini", "inception_mini", "densenet_mini",
                                         "conv1d_ecg", "ecg_simulated", "ecg_avb", "ecg_lbbb", "dead_relu",
                                         "dead_relu_zero_logits", "ties", "zero_input", "zero_input_bias",
                                         "regression_mlp", "sigmoid_binary", "merge_add_only", "activations_zoo",
                                         "bn_first", "bn_nocenter", "multi_input", "multi_output", "nested_model",
                                         "shared_layer", "strides_padding_dilation_zoo", "lstm_mini", "gru_mini",
                                         "simplernn_mini", "bilstm_mini"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(KerasGoldenCases, SomeAreVendored) { EXPECT_FALSE(folder_of("digits_cnn").empty()); }

}  // namespace
}  // namespace signxai::keras
