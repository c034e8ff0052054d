// ONNX models that PyTorch wrote, with what onnxruntime and PyTorch compute for them (data/onnx/make_onnx.py); the
// forms that numbers come in; layers that are recovered from several nodes, and layouts.
#include <bit>
#include <cmath>
#include <fstream>

#include "importers/onnx/onnx_fixture.h"
#include "importers/onnx/table.h"
#include "importers/stored_case.h"
#include "support/temp_folder.h"

namespace signxai::onnx {
namespace {

std::vector<std::string> classes(const graph::Network& network) {
  std::vector<std::string> names;
  for (const graph::LayerCall& call : network.calls) names.push_back(call.class_name);
  return names;
}

class OnnxStored : public testing::TestWithParam<std::string> {};

TEST_P(OnnxStored, OutputsAndGradients) { keras::expect_stored("onnx/" + GetParam()); }

INSTANTIATE_TEST_SUITE_P(Models, OnnxStored,
                         testing::Values("residual7.onnx", "residual11.onnx", "residual18.onnx", "residual21.onnx",
                                         "windows14.onnx", "lstm13.onnx", "gru17.onnx", "attention14.onnx",
                                         "attention18.onnx"),
                         [](const auto& test) { return keras::stem(test.param); });

class Tf2OnnxStored : public testing::TestWithParam<std::string> {};

TEST_P(Tf2OnnxStored, OutputsAndGradients) { keras::expect_stored("tf2onnx/" + GetParam()); }

INSTANTIATE_TEST_SUITE_P(Models, Tf2OnnxStored,
                         testing::Values("keras_residual9.onnx", "keras_residual17.onnx", "keras_mobile13.onnx",
                                         "keras_lstm15.onnx", "keras_gru13.onnx", "keras_encoder13.onnx",
                                         "keras_encoder18.onnx", "keras_convnext15.onnx"),
                         [](const auto& test) { return keras::stem(test.param); });

TEST(Onnx, LayersAreThoseOfPyTorch) {
  const graph::Network network =
      load_network(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/onnx/residual11.onnx");
  EXPECT_EQ(classes(network),
            (std::vector<std::string>{"InputLayer", "Conv2D", "ReLU", "MaxPooling2D", "Conv2D", "ReLU", "Conv2D", "Add",
                                      "ReLU", "GlobalAveragePooling2D", "Flatten", "Dense"}));
  EXPECT_EQ(network.calls[1].weights.size(), 2u);  // the exporter has folded the normalisation
  EXPECT_THAT(network.notes, testing::Contains(testing::HasSubstr("fixed at 1")));
}

// As in unrolled recurrent layers, whose first state the file states.
TEST(Onnx, ProductsOfNumbersAreNumbers) {
  OnnxModel net({-1, 2});
  net.floats("state", {1, 3}, {1, -2, 0.5f});
  net.floats("w", {3, 2}, {1, 2, 0, 1, 4, -2});
  net.floats("v", {2, 3}, {1, 0, 4, 2, 1, -2});  // transposed
  net.floats("bias", {2}, {1, 10});
  net.node("MatMul", {"state", "w"}, "p");                     // 3, -1
  auto& gemm = net.node("Gemm", {"state", "v", "bias"}, "q");  // 2 * (3, -1) - (1, 10)
  for (const auto& [name, value] : {std::pair{"alpha", 2.f}, {"beta", -1.f}}) {
    auto* attribute = gemm.add_attribute();
    attribute->set_name(name);
    attribute->set_f(value);
  }
  OnnxModel::set(gemm, "transB", 1);
  net.node("Relu", {"p"}, "r");
  net.node("Add", {"q", "r"}, "s");  // 8, -12
  net.node("Mul", {"x", "s"}, "y");
  keras::expect_near(net.run(array({1, 2}, {1, 2})), {1, 2}, {8, -24}, 1e-6);
}

// What PyTorch writes for ceil_mode before opset 10.
TEST(Onnx, PaddingThatNoWindowReaches) {
  OnnxModel net({-1, 1, 4}, 9);
  auto& pooled = net.node("MaxPool", {"x"}, "y");
  OnnxModel::set(pooled, "kernel_shape", std::vector<std::int64_t>{3});
  OnnxModel::set(pooled, "strides", std::vector<std::int64_t>{2});
  OnnxModel::set(pooled, "pads", std::vector<std::int64_t>{1, 3});
  keras::expect_near(net.run(array({1, 1, 4}, {1, 2, 5, -3})), {1, 1, 3}, {2, 5, -3}, 0);
}

TEST(Onnx, FormsOfNumbers) {
  const std::vector<float> values{1.5f, -2, 0.25f};
  for (const int type : {1, 10, 11, 16}) {
    OnnxModel net({-1, 3});
    auto& tensor = net.floats("w", {3}, {});
    tensor.set_data_type(type);
    std::string raw;
    for (const float value : values) {
      const auto append = [&](const auto number) { raw.append(reinterpret_cast<const char*>(&number), sizeof number); };
      const auto bits = std::bit_cast<std::uint32_t>(value);
      if (type == 1) append(value);
      if (type == 11) append(static_cast<double>(value));
      if (type == 16) append(static_cast<std::uint16_t>(bits >> 16));
      if (type == 10)
        append(static_cast<std::uint16_t>(((bits >> 16) & 0x8000u) | ((((bits >> 23) & 0xFFu) - 112) << 10) |
                                          ((bits >> 13) & 0x3FFu)));
    }
    tensor.set_raw_data(raw);
    net.node("Mul", {"x", "w"}, "y");
    keras::expect_near(net.run(array({1, 3}, {1, 1, 2})), {1, 3}, {1.5, -2, 0.5}, 0);
  }
}

TEST(Onnx, ExternalData) {
  const test::TempFolder folder;
  std::ofstream(folder.file("weights.bin"), std::ios::binary).write("\0\0\0\0\0\0\x80\x3f\0\0\0\x40", 12);  // -, 1, 2
  OnnxModel net({-1, 2});
  auto& tensor = net.floats("w", {2}, {});
  tensor.set_data_location(1);
  const auto entry = [&](const std::string& key, const std::string& value) {
    auto* added = tensor.add_external_data();
    added->set_key(key);
    added->set_value(value);
  };
  entry("location", "weights.bin");
  entry("offset", "4");
  net.node("Mul", {"x", "w"}, "y");
  const auto save = [&](const std::string& name) {
    std::ofstream(folder.file(name), std::ios::binary) << net.bytes();
    return folder.file(name);
  };
  keras::expect_near(keras::run(graph::bind(load_network(save("net.onnx")), {{1, 2}}), array({1, 2}, {3, 4})), {1, 2},
                     {3, 8}, 0);
  tensor.mutable_external_data(1)->set_value("8");
  expect_error(ErrorCode::kCorruptFile, {"weights.bin", "do not fit", "12 bytes"},
               [&] { load_network(save("far.onnx")); });
  tensor.mutable_external_data(0)->set_value("../weights.bin");
  expect_error(ErrorCode::kCorruptFile, {"does not lie in the model's folder"},
               [&] { load_network(save("out.onnx")); });
  expect_error(ErrorCode::kUnsupported, {"model is in memory"}, [&] { net.load(); });
}

TEST(Onnx, BiasBehindAMatrixProductIsThatOfADenseLayer) {
  OnnxModel net({-1, 2});
  net.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  net.floats("b", {3}, {1, 0, -1});
  net.node("MatMul", {"x", "w"}, "z");
  net.node("Add", {"b", "z"}, "y");
  EXPECT_EQ(classes(net.load()), (std::vector<std::string>{"InputLayer", "Dense"}));
  keras::expect_near(net.run(array({1, 2}, {1, -1})), {1, 3}, {-2, -3, -4}, 1e-6);
}

TEST(Onnx, GemmFoldsItsFactors) {
  OnnxModel net({-1, 2});
  net.floats("w", {3, 2}, {1, 4, 2, 5, 3, 6});
  net.floats("b", {3}, {2, 0, -2});
  auto& gemm = net.node("Gemm", {"x", "w", "b"}, "y");
  OnnxModel::set(gemm, "transB", 1);
  for (const auto& [name, value] : {std::pair{"alpha", 2.0f}, std::pair{"beta", 0.5f}}) {
    auto* attribute = gemm.add_attribute();
    attribute->set_name(name);
    attribute->set_f(value);
  }
  keras::expect_near(net.run(array({1, 2}, {1, -1})), {1, 3}, {-5, -6, -7}, 1e-6);
}

/// As tf2onnx writes a Keras layer: transposes around the convolution, and its bias behind it.
TEST(Onnx, TransposesAroundAConvolutionAreItsLayout) {
  OnnxModel net({-1, 4, 3, 2});
  net.floats("w", {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6});
  net.floats("b", {1, 3, 1, 1}, {1, 2, 3});
  OnnxModel::set(net.node("Transpose", {"x"}, "t"), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
  net.node("Conv", {"t", "w"}, "c");
  net.node("Add", {"c", "b"}, "s");
  net.node("Relu", {"s"}, "r");
  OnnxModel::set(net.node("Transpose", {"r"}, "y"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
  const graph::Network network = net.load();
  EXPECT_EQ(classes(network), (std::vector<std::string>{"InputLayer", "Conv2D", "ReLU"}));
  EXPECT_EQ(network.graph.type(network.graph.outputs()[0].value).shape, (Shape{graph::kOpen, 4, 3, 3}));
  for (std::int32_t i = 0; i < network.graph.size(); ++i) EXPECT_FALSE(network.graph[graph::Value{i}].is("transpose"));
}

/// What exporters compute from the extents of an open batch.
TEST(Onnx, ShapesAreComputedForOneSample) {
  OnnxModel net({-1, 2, 3});
  net.integers("zero", {0});
  net.integers("rest", {-1});
  net.node("Shape", {"x"}, "shape");
  net.node("Gather", {"shape", "zero"}, "batch");
  OnnxModel::set(net.node("Concat", {"batch", "rest"}, "target"), "axis", std::int64_t{0});
  net.node("Reshape", {"x", "target"}, "y");
  const graph::Array x = array({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  keras::expect_near(net.run(x), {2, 6}, x.data, 0);
}

/// h = tanh(w x + r h), over two steps in either direction; w and r are 1 forwards and -1 backwards.
void expect_states(const OnnxModel& net, double forward, double backward) {
  const double x[] = {0.5, -0.25};
  double h = forward, g = backward;
  for (const int i : {0, 1}) h = std::tanh(x[i] + h), g = std::tanh(-x[1 - i] - g);
  keras::expect_near(net.run(array({1, 2, 1}, {x[0], x[1]})), {1, 2, 1}, {h, g}, 1e-6);
}

OnnxModel both_ways() {
  OnnxModel net({-1, 2, 1});
  net.floats("w", {2, 1, 1}, {1, -1});
  net.floats("r", {2, 1, 1}, {1, -1});
  auto& rnn = net.node("RNN", {"x", "w", "r", "", "", "h"}, "");
  rnn.set_name("rnn");
  rnn.add_output("y");
  OnnxModel::set(rnn, "layout", std::int64_t{1});
  auto* direction = rnn.add_attribute();
  direction->set_name("direction");
  direction->set_s("bidirectional");
  return net;
}

TEST(Onnx, BothDirectionsBeginInTheirStates) {
  OnnxModel known = both_ways();
  known.floats("h", {1, 2, 1}, {0.75f, -0.5f});
  expect_states(known, 0.75, -0.5);
  OnnxModel computed = both_ways();  // the largest element plus 1, and minus 1
  computed.floats("one", {1, 2, 1}, {1, -1});
  auto& largest = computed.node("ReduceMax", {"x"}, "m");
  OnnxModel::set(largest, "axes", std::vector<std::int64_t>{1});
  computed.node("Add", {"m", "one"}, "h");
  expect_states(computed, 1.5, -0.5);
  OnnxModel wrong = both_ways();
  wrong.floats("h", {1, 3, 1}, {1, 2, 3});
  expect_error(ErrorCode::kCorruptFile, {"begins in a state (1, 3, 1)", "1 numbers for each"}, [&] { wrong.load(); });
}

TEST(Onnx, SoftmaxAtTheEndIsLeftOut) {
  OnnxModel net({-1, 3});
  net.node("Softmax", {"x"}, "y");
  const graph::Network network = net.load();
  EXPECT_EQ(network.removed_head.function, "softmax");
}

TEST(Onnx, EveryNodeTypeIsDocumented) {
  std::ifstream file(std::string(SIGNXAI_SOURCE_DIR) + "/docs/onnx.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const NodeType& type : node_types()) {
    EXPECT_THAT(page, testing::HasSubstr("| `" + std::string(type.name) + "` | " + std::string(type.becomes) + " |\n"));
  }
}

}  // namespace
}  // namespace signxai::onnx
