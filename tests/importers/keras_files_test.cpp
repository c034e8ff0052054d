// Files that Keras 3 wrote (tests/importers/data/keras, made by make_keras.py): each form of each network gives the
// outputs that Keras computed.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "importers/importer.h"
#include "importers/keras_fixture.h"
#include "signxai/array_file.h"

namespace signxai::keras {
namespace {

namespace fs = std::filesystem;

std::string data(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/keras/" + name;
}

graph::Array array_of(const Tensor& tensor) {
  graph::Array result(tensor.shape);
  std::copy(tensor.data.begin(), tensor.data.end(), result.data.begin());
  return result;
}

/// The arrays x0, x1 ... or y0, y1 ... that belong to the network.
std::vector<graph::Array> arrays(const std::string& name, char kind) {
  std::vector<graph::Array> found;
  for (const NamedTensor& array : read_npz(data(name + ".npz"), {})) {
    if (array.name[0] == kind) found.push_back(array_of(array.tensor));
  }
  return found;
}

/// Runs the network, its head included, on what Keras ran it on.
void expect_outputs(const graph::Network& net, const std::string& name, double tolerance = 1e-5) {
  graph::verify(net.graph);
  const auto outputs = reference::evaluate(net.probabilities, reference::evaluate(net.graph, arrays(name, 'x')));
  const auto expected = arrays(name, 'y');
  ASSERT_EQ(outputs.size(), expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    double largest = 0;
    for (const double v : expected[i].data) largest = std::max(largest, std::fabs(v));
    expect_near(outputs[i], expected[i].shape, expected[i].data, tolerance * largest);
  }
}

/// The same numbers out, to the last bit.
void expect_same(const graph::Network& got, const graph::Network& expected, const std::string& name) {
  const auto inputs = arrays(name, 'x');
  const auto values = reference::evaluate(got.graph, inputs), others = reference::evaluate(expected.graph, inputs);
  ASSERT_EQ(values.size(), others.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i].data, others[i].data) << name;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The first JSON block of the page about custom layers.
CustomLayers documented() {
  const std::string page = text_of(std::string(SIGNXAI_SOURCE_DIR) + "/docs/custom-layers.md");
  const std::size_t begin = page.find("```json\n") + 8;
  return CustomLayers::parse(page.substr(begin, page.find("```", begin) - begin));
}

class KerasFiles : public testing::TestWithParam<const char*> {};

TEST_P(KerasFiles, GiveTheOutputsOfKeras) {
  const std::string file = GetParam(), name = file.substr(0, file.find('.', file.rfind('/') + 1));
  expect_outputs(load_network(data(file), {.custom_layers = documented()}), name);
}

INSTANTIATE_TEST_SUITE_P(Files, KerasFiles,
                         testing::Values("nested.keras", "nested.h5", "nested.json", "multi.keras", "multi.h5",
                                         "zoo.keras", "given.keras", "deep.keras", "deep.h5", "frozen.keras",
                                         "frozen.h5", "custom.keras", "custom.h5", "operations.keras",
                                         "../attention/tokens.keras", "../attention/tokens.h5",
                                         "../attention/tokens.json", "../attention/masked.keras",
                                         "../attention/masked.h5", "../attention/heads.keras", "../attention/heads.h5",
                                         "../attention/groups.keras", "../attention/groups.h5",
                                         "../attention/scores.keras", "../attention/scores.h5",
                                         "../attention/einsum.keras"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           if (name.starts_with("../")) name.erase(0, 3);
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, '_');
                           return name;
                         });

TEST(KerasFilesMore, WeightsOfAnyFormServeAnArchitecture) {
  for (const char* weights : {"nested.weights.h5", "nested.h5", "nested.keras"}) {
    expect_outputs(load_network(data("nested.json"), {data(weights)}), "nested");
    expect_outputs(load_network(data("nested.keras"), {data(weights)}), "nested");
  }
  expect_error(ErrorCode::kInvalidArgument, {"nested.weights.h5", "no architecture"},
               [] { load_network(data("nested.weights.h5")); });
  expect_error(ErrorCode::kCorruptFile, {"of another model"},
               [] { load_network(data("nested.json"), {data("multi.keras")}); });
}

TEST(KerasFilesMore, NumberFormats) {
  // Keras computes these in the narrow type, so its own rounding is the tolerance: 2^-8 of bfloat16, 2^-11 of float16.
  const struct {
    const char* name;
    double tolerance;
    const char* stored;
  } cases[] = {{"float16", 4e-3, "float16"},
               {"mixed_float16", 4e-3, ""},
               {"bfloat16", 3e-2, "bfloat16"},
               {"mixed_bfloat16", 3e-2, ""},
               {"float64", 1e-5, "float64"}};
  for (const auto& tested : cases) {
    const std::string name = tested.name, file = "../types/" + name;
    const graph::Network net = load_network(data(file + ".keras"));
    expect_outputs(net, file, tested.tolerance);
    EXPECT_THAT(net.notes, testing::Contains("the model is of type " + name + "; it is computed in float32"));
    const std::string stored = "weights are stored as " + std::string(tested.stored) + " and were converted to float32";
    EXPECT_EQ(std::count(net.notes.begin(), net.notes.end(), stored), *tested.stored ? 1 : 0) << name;
    if (fs::exists(data(file + ".h5"))) expect_same(load_network(data(file + ".h5")), net, file);
  }
}

TEST(KerasFilesMore, CustomLayersWithoutCompositionNameBothWaysOut) {
  for (const char* file : {"custom.keras", "custom.h5"}) {
    expect_error(ErrorCode::kUnsupported, {"r0 (", "r1 (", "--custom-layers", "CustomLayers", "docs/custom-layers.md"},
                 [&] { load_network(data(file)); });
  }
}

TEST(KerasFilesMore, PartsOfCustomLayersAreCallsOfTheirOwn) {
  const graph::Network net = load_network(data("custom.keras"), {.custom_layers = documented()});
  EXPECT_THAT(names(net), testing::IsSupersetOf({"r0/conv1", "r0/bn", "r0/conv2", "r0/shortcut", "r0/sum", "r0/relu",
                                                 "r1/conv1", "r1/sum"}));
  EXPECT_LT(net.find("r1/shortcut"), 0);  // left out: hands on the input
  EXPECT_EQ(call(net, "r0/conv1").kind, graph::LayerKind::kKernel);
  expect_same(load_network(data("custom.h5"), {.custom_layers = documented()}), net, "custom");
}

}  // namespace
}  // namespace signxai::keras
