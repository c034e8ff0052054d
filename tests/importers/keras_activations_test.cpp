// Activation functions: values, and derivatives at the kinks where TensorFlow's choice matters.
#include <cmath>

#include "graph/rewrite.h"
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

const std::vector<double> kPoints = {-100, -3.5, -1, -0.25, 0, 0.25, 1, 3.5, 6, 100};

Json activation(const Json& what) { return layer("Activation", "a", {{"activation", what}}); }

/// The layer behind an input and before one that changes nothing, since a sigmoid at the very end would be left out.
graph::Network network(const Json& entry) {
  return build(sequential({input_layer("in", {nullptr, 10}), entry, layer("Rescaling", "same", {{"scale", 1.0}})}));
}

std::vector<double> values(const Json& entry) { return run(network(entry), array({1, 10}, kPoints)).data; }

std::vector<double> derivatives(const Json& entry) {
  const graph::Network net = network(entry);
  graph::Builder b(net.graph);
  b.clear_outputs();
  const graph::Value one = b.constant(graph::Literal({1, 10}, std::vector<float>(10, 1.0f)));
  const auto pulled = graph::pull_back(b, net.calls[1].output, one, {net.graph.inputs()[0]});
  b.output("derivative", pulled[0]);
  return reference::evaluate(b.graph(), std::vector<graph::Array>{array({1, 10}, kPoints)})[0].data;
}

using Function = std::function<double(double)>;

void expect_function(const Json& entry, const Function& f) {
  const auto got = values(entry);
  for (std::size_t i = 0; i < kPoints.size(); ++i) {
    EXPECT_NEAR(got[i], f(kPoints[i]), 1e-6 * std::max(1.0, std::fabs(f(kPoints[i])))) << entry << " at " << kPoints[i];
  }
  // Derivatives away from the kinks against differences; everywhere finite.
  const auto slope = derivatives(entry);
  for (std::size_t i = 0; i < kPoints.size(); ++i) {
    EXPECT_TRUE(std::isfinite(slope[i])) << entry << " at " << kPoints[i];
    if (kPoints[i] == 0 || std::fabs(kPoints[i]) == 1 || kPoints[i] == 6) continue;
    const double h = 1e-5, expected = (f(kPoints[i] + h) - f(kPoints[i] - h)) / (2 * h);
    EXPECT_NEAR(slope[i], expected, 1e-5 * std::max(1.0, std::fabs(expected))) << entry << " at " << kPoints[i];
  }
}

double softplus(double x) { return x > 30 ? x : std::log1p(std::exp(x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(KerasActivations, OverTheLastAxis) {
  const graph::Array x = array({2, 4}, {0.2, 0.6, 0.5, -3, 1, 1, 1, 0});
  const auto apply = [&](const char* name) {
    return run(build_layer({nullptr, 4}, layer("Activation", "a", {{"activation", name}})), x);
  };
  expect_near(apply("glu"), {2, 2}, {0.2 * sigmoid(0.5), 0.6 * sigmoid(-3), sigmoid(1), 0.5});
  expect_near(apply("sparsemax"), {2, 4}, {0.1, 0.5, 0.4, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0});
  expect_error(ErrorCode::kCorruptFile, {"a (Activation)", "even number"}, [] {
    build_layer({nullptr, 3}, layer("Activation", "a", {{"activation", "glu"}}));
  });
}

TEST(KerasActivations, ByName) {
  const std::map<std::string, Function> functions{
      {"linear", [](double x) { return x; }},
      {"relu", [](double x) { return std::max(x, 0.0); }},
      {"relu6", [](double x) { return std::min(std::max(x, 0.0), 6.0); }},
      {"leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }},
      {"elu", [](double x) { return x > 0 ? x : std::expm1(x); }},
      {"selu", [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }},
      {"celu", [](double x) { return x > 0 ? x : std::expm1(x); }},
      {"hard_tanh", [](double x) { return std::min(std::max(x, -1.0), 1.0); }},
      {"hard_silu", [](double x) { return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }},
      {"hard_swish", [](double x) { return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }},
      {"hard_shrink", [](double x) { return std::fabs(x) > 0.5 ? x : 0; }},
      {"soft_shrink", [](double x) { return x > 0.5    ? x - 0.5
                                            : x < -0.5 ? x + 0.5
                                                       : 0; }},
      {"tanh_shrink", [](double x) { return x - std::tanh(x); }},
      {"log_sigmoid", [](double x) { return -softplus(-x); }},
      {"sparse_sigmoid", [](double x) { return std::min(std::max(0.5 * (x + 1), 0.0), 1.0); }},
      {"sparse_plus", [](double x) { return x < -1  ? 0
                                            : x > 1 ? x
                                                    : (x + 1) * (x + 1) / 4; }},
      {"squareplus", [](double x) { return (x + std::sqrt(x * x + 4)) / 2; }},
      {"softplus", softplus},
      {"softsign", [](double x) { return x / (1 + std::fabs(x)); }},
      {"sigmoid", sigmoid},
      {"hard_sigmoid", [](double x) { return std::min(std::max(0.2 * x + 0.5, 0.0), 1.0); }},
      {"tanh", [](double x) { return std::tanh(x); }},
      {"gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
      {"swish", [](double x) { return x * sigmoid(x); }},
      {"silu", [](double x) { return x * sigmoid(x); }},
      {"mish", [](double x) { return x * std::tanh(softplus(x)); }},
      {"exponential", [](double x) { return std::exp(x); }},
  };
  for (const auto& [name, f] : functions) {
    SCOPED_TRACE(name);
    expect_function(activation(name), f);
  }
}

TEST(KerasActivations, AsDictionaries) {
  expect_function(activation({{"class_name", "LeakyReLU"}, {"config", {{"name", "l"}, {"alpha", 0.5}}}}),
                  [](double x) { return x > 0 ? x : 0.5 * x; });
  expect_function(activation({{"class_name", "function"}, {"config", "tanh"}}), [](double x) { return std::tanh(x); });
  expect_function(activation({{"class_name", "Activation"}, {"config", {{"activation", "relu"}}}}),
                  [](double x) { return std::max(x, 0.0); });
  expect_function(activation({{"class_name", "gelu"}, {"config", {{"approximate", true}}}}),
                  [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); });
  EXPECT_EQ(network(activation({{"class_name", "LeakyReLU"}, {"config", {{"alpha", 0.5}}}})).calls[1].activation,
            "leaky_relu");
}

TEST(KerasActivations, Layers) {
  expect_function(layer("ReLU", "r", {{"max_value", nullptr}, {"negative_slope", 0.0}, {"threshold", 0.0}}),
                  [](double x) { return std::max(x, 0.0); });
  expect_function(layer("ReLU", "r", {{"max_value", 2.0}, {"negative_slope", 0.1}, {"threshold", 0.5}}), [](double x) {
    return x >= 2 ? 2 : x >= 0.5 ? x : 0.1 * (x - 0.5);
  });
  expect_function(layer("ReLU", "r", {{"negative_slope", 0.25}}), [](double x) { return x > 0 ? x : 0.25 * x; });
  expect_function(layer("LeakyReLU", "l", {{"alpha", 0.3}}), [](double x) { return x > 0 ? x : 0.3 * x; });
  expect_function(layer("ELU", "e", {{"alpha", 0.7}}), [](double x) { return x > 0 ? x : 0.7 * std::expm1(x); });
  expect_function(layer("ThresholdedReLU", "t", {{"theta", 0.9}}), [](double x) { return x > 0.9 ? x : 0; });
  EXPECT_EQ(network(layer("ReLU", "r")).calls[1].activation, "");
  EXPECT_EQ(network(activation("linear")).calls[1].activation, "linear");
}

TEST(KerasActivations, ParametricRelu) {
  const graph::Network net = build_layer({nullptr, 2, 3}, layer("PReLU", "p", {{"shared_axes", {1}}}));
  EXPECT_EQ(net.graph.type(call(net, "p").weight("alpha")).shape, (Shape{1, 3}));
  expect_near(run(net, array({1, 2, 3}, {-1, -1, -1, 2, 2, 2})), {1, 2, 3}, {0.45, -0.25, 0.15, 2, 2, 2}, 1e-6);
}

/// At 0 and, for limits, at the limit: (point, derivative).
TEST(KerasActivations, DerivativesAtKinks) {
  const std::size_t zero = 4, one = 6, six = 8;
  EXPECT_EQ(derivatives(activation("relu"))[zero], 0);
  EXPECT_EQ(derivatives(activation("relu6"))[six], 0);
  EXPECT_EQ(derivatives(layer("ReLU", "r", {{"max_value", 6.0}}))[six], 0);
  EXPECT_EQ(derivatives(layer("ReLU", "r", {{"max_value", 1.0}}))[one], 1);
  EXPECT_NEAR(derivatives(layer("LeakyReLU", "l", {{"alpha", 0.3}}))[zero], 0.3, 1e-7);
  EXPECT_EQ(derivatives(activation("elu"))[zero], 1);
  EXPECT_NEAR(derivatives(activation("selu"))[zero], 1.0507009873554805, 1e-6);
  EXPECT_NEAR(derivatives(activation("softplus"))[zero], 0.5, 1e-7);
}

TEST(KerasActivations, SoftmaxAsAnInnerLayer) {
  const graph::Network net =
      build(sequential({input_layer("in", {nullptr, 2}), activation("softmax"), layer("Dense", "d", {{"units", 1}})}));
  graph::Builder b(net.graph);
  b.clear_outputs();
  b.output("p", call(net, "a").output);
  const auto p = reference::evaluate(b.graph(), std::vector<graph::Array>{array({1, 2}, {1000, 1000})})[0];
  expect_near(p, {1, 2}, {0.5, 0.5});
}

}  // namespace
}  // namespace signxai::keras
