// Layers that exporters write node by node: each is one layer again, and computes what its nodes compute; what only
// resembles one stays as it is.
#include <cmath>

#include "importers/importer.h"
#include "importers/onnx/onnx_fixture.h"
#include "methods/method.h"

namespace signxai::onnx {
namespace {

using Strings = std::vector<std::string>;
using Net = OnnxModel;

const std::vector<double> kPoints{-4.5, -3, -1.25, -0.3, 0, 0.4, 2.5, 3.5};

Strings classes(const graph::Network& network) {
  Strings names;
  for (const graph::LayerCall& call : network.calls) {
    names.push_back(call.class_name + (call.activation.empty() ? "" : " " + call.activation));
  }
  return names;
}

/// A model whose numbers are scalars named by their value, as constant nodes that stand behind what uses them.
class Written : public OnnxModel {
 public:
  explicit Written(std::vector<std::int64_t> input = {-1, 8}, int opset = 13) : OnnxModel(std::move(input), opset) {}

  std::string number(double value, const std::vector<std::int64_t>& shape = {}) {
    const std::string name = "n" + std::to_string(count_++);
    floats(name, shape, {static_cast<float>(value)});
    return name;
  }
  std::string operator()(const std::string& type, const Strings& inputs) {
    const std::string name = "t" + std::to_string(count_++);
    node(type, inputs, name);
    return name;
  }
  /// The last tensor of the model is its output.
  Written& ends(const std::string& tensor) {
    model.mutable_graph()->mutable_output(0)->set_name(tensor);
    return *this;
  }

 private:
  int count_ = 0;
};

using Curve = double (*)(double);
double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }
double gelu_tanh(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
double silu(double x) { return x / (1 + std::exp(-x)); }
double mish(double x) { return x * std::tanh(std::log1p(std::exp(x))); }
double hard_sigmoid(double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }
double hard_silu(double x) { return x * hard_sigmoid(x); }

void expect_function(const Written& net, const std::string& layer, Curve curve) {
  EXPECT_EQ(classes(net.load()), (Strings{"InputLayer", layer}));
  std::vector<double> expected;
  for (const double x : kPoints) expected.push_back(curve(x));
  keras::expect_near(net.run(array({1, 8}, kPoints)), {1, 8}, expected, 2e-6);
}

TEST(OnnxRecovery, GeluOfPyTorch) {
  Written net;
  const std::string erf = net("Erf", {net("Div", {"x", net.number(std::sqrt(2.0))})});
  const std::string product = net("Mul", {"x", net("Add", {erf, net.number(1)})});
  expect_function(net.ends(net("Mul", {product, net.number(0.5)})), "Gelu gelu", gelu);
}

TEST(OnnxRecovery, GeluOfKeras) {
  Written net;
  const std::string half = net("Mul", {net.number(0.5), "x"});
  const std::string erf = net("Erf", {net("Mul", {"x", net.number(std::sqrt(0.5))})});
  expect_function(net.ends(net("Mul", {half, net("Add", {net.number(1), erf})})), "Gelu gelu", gelu);
}

TEST(OnnxRecovery, ApproximateGelu) {
  for (const bool power : {false, true}) {
    Written net;
    const std::string cube = power ? net("Pow", {"x", net.number(3)}) : net("Mul", {"x", net("Mul", {"x", "x"})});
    const std::string inner = net("Add", {"x", net("Mul", {net.number(0.044715), cube})});
    const std::string tanh = net("Tanh", {net("Mul", {net.number(std::sqrt(2 / M_PI)), inner})});
    const std::string product = net("Mul", {"x", net("Add", {net.number(1), tanh})});
    expect_function(net.ends(net("Mul", {net.number(0.5), product})), "Gelu gelu", gelu_tanh);
  }
}

TEST(OnnxRecovery, ProductsWithCurves) {
  Written swish;
  expect_function(swish.ends(swish("Mul", {"x", swish("Sigmoid", {"x"})})), "Activation silu", silu);
  Written third;
  expect_function(third.ends(third("Mul", {third("Tanh", {third("Softplus", {"x"})}), "x"})), "Activation mish", mish);
}

TEST(OnnxRecovery, HardSwish) {
  Written clip;
  const std::string shifted = clip("Add", {"x", clip.number(3)});
  const std::string clipped = clip("Clip", {shifted, clip.number(0), clip.number(6)});
  expect_function(clip.ends(clip("Div", {clip("Mul", {"x", clipped}), clip.number(6)})), "Activation hard_silu",
                  hard_silu);
  Written sixth;  // as tf2onnx has it
  const std::string relu = sixth("Min", {sixth("Relu", {sixth("Add", {"x", sixth.number(3)})}), sixth.number(6)});
  const std::string scaled = sixth("Mul", {relu, sixth.number(1.0 / 6)});
  expect_function(sixth.ends(sixth("Mul", {scaled, "x"})), "Activation hard_silu", hard_silu);
  Written node;
  auto& hard = node.node("HardSigmoid", {"x"}, "h");
  auto* alpha = hard.add_attribute();
  alpha->set_name("alpha");
  alpha->set_f(1.0f / 6);
  expect_function(node.ends(node("Mul", {"x", "h"})), "Activation hard_silu", hard_silu);
  Written only;
  const std::string limited = only("Clip", {only("Add", {only.number(3), "x"}), only.number(0), only.number(6)});
  expect_function(only.ends(only("Div", {limited, only.number(6)})), "Activation hard_sigmoid", hard_sigmoid);
}

/// Another factor, another shift, a curve of something else: none of these is a function that has a layer.
TEST(OnnxRecovery, WhatOnlyResemblesAFunction) {
  Written quick({-1, 1});
  const std::string sigmoid = quick("Sigmoid", {quick("Mul", {"x", quick.number(1.702)})});
  quick.ends(quick("Mul", {"x", sigmoid}));
  Written shifted({-1, 1});
  shifted.ends(shifted("Mul", {"x", shifted("Add", {shifted.number(0.9), shifted("Erf", {"x"})})}));
  Written gate({-1, 1});
  gate.ends(gate("Mul", {gate("Relu", {"x"}), gate("Sigmoid", {"x"})}));
  Written wide({-1, 1});  // its result has an axis more
  const std::string erf = wide("Erf", {wide("Div", {"x", wide.number(std::sqrt(2.0))})});
  const std::string product = wide("Mul", {"x", wide("Add", {erf, wide.number(1)})});
  wide.ends(wide("Mul", {product, wide.number(0.5, {1, 1, 1})}));
  for (const Written* net : {&quick, &shifted, &gate, &wide}) {
    for (const std::string& name : classes(net->load())) {
      EXPECT_TRUE(name != "Gelu gelu" && name != "Activation silu" && name != "Activation hard_silu") << name;
    }
  }
  const double x = 0.4;
  keras::expect_near(quick.run(array({1, 1}, {x})), {1, 1}, {x / (1 + std::exp(-1.702 * x))}, 1e-6);
  keras::expect_near(gate.run(array({1, 1}, {x})), {1, 1}, {silu(x)}, 1e-6);
}

// Normalisations. -----------------------------------------------------------------------------------------------------

constexpr double kEpsilon = 1e-3;
const std::vector<double> kRows{1, 2, 4, -1, 0.5, 0.25, -3, 3};
const std::vector<float> kGamma{1, 0.5f, 2, -1}, kBeta{0.1f, 0, -0.2f, 1};

/// Of rows of four.
std::vector<double> normalised(bool centred, bool scaled, bool shifted) {
  std::vector<double> result;
  for (std::size_t row = 0; row < kRows.size(); row += 4) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < 4; ++i) mean += kRows[row + i] / 4;
    if (!centred) mean = 0;
    for (std::size_t i = 0; i < 4; ++i) square += (kRows[row + i] - mean) * (kRows[row + i] - mean) / 4;
    for (std::size_t i = 0; i < 4; ++i) {
      const double y = (kRows[row + i] - mean) / std::sqrt(square + kEpsilon);
      result.push_back(y * (scaled ? static_cast<double>(kGamma[i]) : 1) +
                       (shifted ? static_cast<double>(kBeta[i]) : 0));
    }
  }
  return result;
}

std::string mean_of(Written& net, const std::string& x, const std::vector<std::int64_t>& axes = {-1}) {
  const std::string name = "mean of " + x;
  for (const auto& node : net.model.graph().node()) {
    if (node.output(0) == name) return name;
  }
  Net::set(net.node("ReduceMean", {x}, name), "axes", axes);
  return name;
}

/// 1 / sqrt(mean of the tensor + epsilon), or the root itself.
std::string root_of(Written& net, const std::string& squares, bool inverse,
                    const std::vector<std::int64_t>& axes = {-1}) {
  const std::string root = net("Sqrt", {net("Add", {mean_of(net, squares, axes), net.number(kEpsilon)})});
  return inverse ? net("Reciprocal", {root}) : root;
}

void expect_layer(const Written& net, const std::string& layer, const std::vector<double>& expected) {
  EXPECT_EQ(classes(net.load()), (Strings{"InputLayer", layer}));
  keras::expect_near(net.run(array({1, 2, 4}, kRows)), {1, 2, 4}, expected, 1e-5);
}

TEST(OnnxRecovery, LayerNormalizationOfPyTorch) {
  for (const int parts : {0, 1, 2, 3}) {
    Written net({-1, 2, 4});
    net.floats("gamma", {4}, kGamma);
    net.floats("beta", {4}, kBeta);
    const std::string centred = net("Sub", {"x", mean_of(net, "x")});
    std::string y = net("Div", {centred, root_of(net, net("Pow", {centred, net.number(2)}), false)});
    if (parts & 1) y = net("Mul", {y, "gamma"});
    if (parts & 2) y = net("Add", {"beta", y});
    expect_layer(net.ends(y), "LayerNormalization", normalised(true, parts & 1, parts & 2));
  }
}

/// The variance's difference is another node, and the root's inverse takes the scale.
TEST(OnnxRecovery, LayerNormalizationOfTensorFlow) {
  for (const bool scaled : {false, true}) {
    for (const bool shifted : {false, true}) {
      Written net({-1, 2, 4});
      net.floats("gamma", {4}, kGamma);
      net.floats("beta", {4}, kBeta);
      const std::string centred = net("Sub", {"x", net("Identity", {mean_of(net, "x")})});
      std::string by = root_of(net, net("Mul", {centred, centred}), true);
      if (scaled) by = net("Mul", {by, "gamma"});
      const std::string moved = net("Mul", {mean_of(net, "x"), by});
      const std::string shift = shifted ? net("Sub", {"beta", moved}) : net("Neg", {moved});
      expect_layer(net.ends(net("Add", {net("Mul", {"x", by}), shift})), "LayerNormalization",
                   normalised(true, scaled, shifted));
    }
  }
}

TEST(OnnxRecovery, NegativeMeanOfKeras3) {
  Written net({-1, 2, 4});
  net.floats("gamma", {4}, kGamma);
  net.floats("beta", {4}, kBeta);
  const std::string centred = net("Sub", {"x", mean_of(net, "x")});
  const std::string by = net("Mul", {root_of(net, net("Mul", {centred, centred}), true), "gamma"});
  const std::string shift = net("Add", {net("Mul", {net("Neg", {mean_of(net, "x")}), by}), "beta"});
  expect_layer(net.ends(net("Add", {net("Mul", {"x", by}), shift})), "LayerNormalization",
               normalised(true, true, true));
}

TEST(OnnxRecovery, RootMeanSquare) {
  for (const bool scaled : {false, true}) {
    Written net({-1, 2, 4});
    net.floats("gamma", {4}, kGamma);
    std::string y = net("Mul", {"x", root_of(net, net("Pow", {"x", net.number(2)}), true)});
    if (scaled) y = net("Mul", {"gamma", y});
    expect_layer(net.ends(y), "RMSNormalization", normalised(false, scaled, false));
  }
}

/// As channels-first networks have it: over an axis in the middle, with a scale along it.
TEST(OnnxRecovery, LayerNormalizationOverChannels) {
  Written net({-1, 2, 3});
  net.floats("gamma", {2, 1}, {2, -1});
  const std::string centred = net("Sub", {"x", mean_of(net, "x", {1})});
  const std::string y = net("Div", {centred, root_of(net, net("Mul", {centred, centred}), false, {1})});
  net.ends(net("Mul", {y, "gamma"}));
  EXPECT_EQ(classes(net.load()), (Strings{"InputLayer", "LayerNormalization"}));
  const double r = 1 / std::sqrt(1 + kEpsilon), s = 2 / std::sqrt(4 + kEpsilon);
  keras::expect_near(net.run(array({1, 2, 3}, {1, 5, 2, 3, 1, 2})), {1, 2, 3}, {-2 * r, 2 * s, 0, -r, s, 0}, 1e-5);
}

TEST(OnnxRecovery, WhatOnlyResemblesANormalisation) {
  Written other({-1, 2, 4});  // the variance is that along another axis
  const std::string centred = other("Sub", {"x", mean_of(other, "x")});
  const std::string along = other("Sub", {"x", mean_of(other, "x", {1})});
  Net::set(other.node("ReduceMean", {other("Mul", {along, along})}, "variance"), "axes", std::vector<std::int64_t>{1});
  const std::string root = other("Sqrt", {other("Add", {"variance", other.number(kEpsilon)})});
  other.ends(other("Div", {centred, root}));
  Written scale({-1, 2, 4});  // the scale lies along the steps
  scale.floats("gamma", {2, 1}, {2, -1});
  const std::string difference = scale("Sub", {"x", mean_of(scale, "x")});
  const std::string y = scale("Div", {difference, root_of(scale, scale("Mul", {difference, difference}), false)});
  scale.ends(scale("Mul", {y, "gamma"}));
  for (const std::string& name : classes(other.load())) EXPECT_NE(name, "LayerNormalization");
  EXPECT_EQ(classes(scale.load()), (Strings{"InputLayer", "LayerNormalization", "Multiply"}));
  std::vector<double> expected = normalised(true, false, false);
  for (std::size_t i = 0; i < 8; ++i) expected[i] *= i < 4 ? 2 : -1;
  keras::expect_near(scale.run(array({1, 2, 4}, kRows)), {1, 2, 4}, expected, 1e-5);
}

// Layers of TensorFlow as tf2onnx writes them; data/tf2onnx/make_tf2onnx.py.
// --------------------------------------------

Strings stored_classes(const std::string& name) {
  Strings found;
  for (const std::string& one :
       classes(load_network(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/tf2onnx/" + name))) {
    const bool moves = one == "Reshape" || one == "Transpose" || one == "Pad" || one == "GetItem" || one == "Flatten";
    if (!moves) found.push_back(one);
  }
  return found;
}

/// Batch normalisations are folded; what is added behind a convolution or product is its bias.
TEST(OnnxRecovery, NetworksOfKeras) {
  EXPECT_EQ(stored_classes("keras_residual9.onnx"),
            (Strings{"InputLayer", "Conv2D", "ReLU", "MaxPooling2D", "Conv2D", "ReLU", "Conv2D", "Add", "ReLU",
                     "GlobalAveragePooling2D", "Dense", "ReLU", "Dense"}));
  const Strings mobile = stored_classes("keras_mobile13.onnx");
  EXPECT_THAT(mobile, testing::IsSupersetOf({"Activation hard_silu", "Activation silu"}));
  EXPECT_THAT(mobile, testing::Not(testing::Contains("Clip")));
  EXPECT_EQ(stored_classes("keras_gru13.onnx"), (Strings{"InputLayer", "Conv2D", "ReLU", "GRU tanh", "Dense"}));
}

/// Both forms of Keras's normalisation, the one as a batch normalisation of rows; Dense layers on rows have their bias.
TEST(OnnxRecovery, EncoderOfKeras) {
  for (const char* name : {"keras_encoder13.onnx", "keras_encoder18.onnx"}) {
    const Strings found = stored_classes(name);
    EXPECT_EQ(std::count(found.begin(), found.end(), "LayerNormalization"), 2) << name;
    EXPECT_EQ(std::count(found.begin(), found.end(), "Gelu gelu"), 1);
    EXPECT_EQ(std::count(found.begin(), found.end(), "Dense"), 7);
    EXPECT_EQ(std::count(found.begin(), found.end(), "Add"), 2) << name;  // and no biases of heads
    EXPECT_EQ(std::count(found.begin(), found.end(), "Mean"), 1);         // the pooling at the end
    for (const char* part : {"BatchNormalization", "Erf", "Sqrt", "Subtract"}) {
      EXPECT_THAT(found, testing::Not(testing::Contains(part)));
    }
  }
}

/// Normalisations over the channels of pictures, which tf2onnx writes channels first and with reshapes to the same
/// shape: everything is in the layout of Keras again. The function is an activation to relevance, as in PyTorch's
/// networks.
TEST(OnnxRecovery, ConvNeXtOfKeras) {
  const graph::Network network =
      load_network(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/tf2onnx/keras_convnext15.onnx");
  EXPECT_EQ(classes(network), (Strings{"InputLayer", "Conv2D", "LayerNormalization", "Conv2D", "LayerNormalization",
                                       "Reshape", "Dense", "Gelu gelu", "Dense", "Reshape", "Multiply", "Add",
                                       "LayerNormalization", "Conv2D", "GlobalAveragePooling2D", "Flatten", "Dense"}));
  const Strings rules = methods::layer_treatments(methods::resolve("lrp.epsilon_plus", {}), network);
  EXPECT_EQ(rules[7], "Pass");
  EXPECT_EQ(rules[11], "Norm");
}

/// The bias of queries, keys and values, for each head and each of its channels; numbers for one of the two are none.
TEST(OnnxRecovery, BiasesOfHeads) {
  const auto projected = [](const std::vector<std::int64_t>& shape, const std::vector<float>& bias) {
    Written net({-1, 2, 3});
    net.floats("w", {3, 4}, {1, 0, 2, 0, 0, 1, 0, -1, 0, 0, 1, 3});
    net.floats("bias", shape, bias);
    net.integers("heads", {-1, 2, 2, 2});
    net.ends(net("Add", {net("Reshape", {net("MatMul", {"x", "w"}), "heads"}), "bias"}));
    return net;
  };
  const graph::Array x = array({1, 2, 3}, {1, 2, 3, 0, 1, -1});  // to 1, 2, 5, 7 and 0, 1, -1, -4
  const Written heads = projected({2, 2}, {10, 20, 30, 40});
  EXPECT_EQ(classes(heads.load()), (Strings{"InputLayer", "Dense", "Reshape"}));
  keras::expect_near(heads.run(x), {1, 2, 2, 2}, {11, 22, 35, 47, 10, 21, 29, 36}, 1e-5);
  const Written shared = projected({2}, {10, 20});
  EXPECT_EQ(classes(shared.load()), (Strings{"InputLayer", "Dense", "Reshape", "Add"}));
  keras::expect_near(shared.run(x), {1, 2, 2, 2}, {11, 22, 15, 27, 10, 21, 9, 16}, 1e-5);
  const Written steps = projected({2, 2, 1}, {10, 20, 30, 40});
  EXPECT_EQ(classes(steps.load()), (Strings{"InputLayer", "Dense", "Reshape", "Add"}));
  keras::expect_near(steps.run(x), {1, 2, 2, 2}, {11, 12, 25, 27, 30, 31, 39, 36}, 1e-5);
}

/// Numbers that stand behind the layer in the file, as PyTorch's first exporter writes them.
TEST(OnnxRecovery, NumbersMayComeLate) {
  Net net({-1, 2}, 13);
  net.node("Sigmoid", {"x"}, "s");
  net.node("Mul", {"x", "s"}, "p");
  net.node("Mul", {"p", "one"}, "y");
  net.node("Constant", {}, "one");
  auto* value = net.model.mutable_graph()->mutable_node(3)->add_attribute();
  value->set_name("value_float");
  value->set_f(2);
  const graph::Network network = net.load();
  EXPECT_EQ(classes(network), (Strings{"InputLayer", "Activation silu", "Multiply"}));
}

/// A part that something else takes as well is computed beside the layer.
TEST(OnnxRecovery, SharedParts) {
  Net net({-1, 2}, 13);
  net.node("Sigmoid", {"x"}, "s");
  net.node("Mul", {"x", "s"}, "p");
  net.node("Add", {"p", "s"}, "y");
  EXPECT_EQ(classes(net.load()), (Strings{"InputLayer", "Activation sigmoid", "Activation silu", "Add"}));
  keras::expect_near(net.run(array({1, 2}, {1, -2})), {1, 2},
                     {silu(1) + 1 / (1 + std::exp(-1.0)), silu(-2) + 1 / (1 + std::exp(2.0))}, 1e-6);
}

}  // namespace
}  // namespace signxai::onnx
