// The option `precision`: what bfloat16 and Winograd's algorithm do to maps, and who may not have it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends/cpu/implementations.h"
#include "passes/passes.h"
#include "runtime/program.h"
#include "signxai/error.h"
#include "signxai/explainer.h"
#include "support/small_network.h"

namespace signxai {
namespace {

Explainer explainer_with(const std::string& precision, const std::string& backend = "cpu") {
  ExplainerOptions options;
  options.precision = precision;
  options.backend = backend;
  return Explainer(Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data/ecg_simulated/model.h5"), options);
}

Tensor some_input(const Explainer& explainer) {
  Shape shape = explainer.model().inputs().front().shape;
  shape.insert(shape.begin(), 2);
  Tensor input(shape);
  for (std::size_t i = 0; i < input.data.size(); ++i) input.data[i] = std::sin(static_cast<float>(i) * 0.1f);
  return input;
}

/// Cosine of the angle between two maps.
double likeness(const Tensor& a, const Tensor& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    const double x = a.data[i], y = b.data[i];
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

TEST(Precision, Bfloat16MovesMapsALittle) {
  if (!cpu::has_bfloat16()) {
    try {
      explainer_with("bf16");
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_NE(std::string(error.what()).find("this machine"), std::string::npos) << error.what();
    }
    return;
  }
  const Explainer exact = explainer_with("f32"), lowered = explainer_with("bf16");
  const Tensor input = some_input(exact);
  const std::vector<MethodRequest> methods{{"gradient", {}}, {"lrp_epsilon_0_1", {}}, {"lrp_alpha_1_beta_0", {}}};
  const Explanation a = exact.explain(input, methods), b = lowered.explain(input, methods);
  for (std::size_t i = 0; i < methods.size(); ++i) {
    EXPECT_NE(a.maps[i].map.data, b.maps[i].map.data) << methods[i].name;
    EXPECT_GT(likeness(a.maps[i].map, b.maps[i].map), 0.95) << methods[i].name;
  }
}

/// Four convolutions of which all but the first may be computed by Winograd's algorithm, both ways.
graph::Network winograd_network() {
  std::mt19937 random(3);
  test::SmallNetwork net({2, 32, 30, 3});
  int at = 0;
  std::int64_t channels = 3;
  for (const std::int64_t width : {16, 32, 32, 48}) {
    at = net.conv(at, test::random_weights({3, 3, channels, width}, true, random), {3, 1, "same"}, "relu");
    channels = width;
  }
  net.dense(net.flatten(net.average_pool(at, {10, 10, "valid"})), test::random_weights({3 * 3 * 48, 7}, true, random));
  return net.finish();
}

/// As closely as maps are to be met.
TEST(Precision, WinogradKeepsMaps) {
  const graph::Network network = winograd_network();
  std::mt19937 random(5);
  const test::Array x = test::random_input({2, 32, 30, 3}, random);
  const std::vector<float> input(x.data.begin(), x.data.end());
  for (const std::string method : {"gradient", "lrp_z", "lrp_epsilon_0_1", "lrp_alpha_1_beta_0"}) {
    passes::Context context{runtime::compute, {}};
    context.precision = "winograd";
    backends::PackedWeights weights;
    const runtime::Program program(passes::optimise(test::method_graph(network, method, {}, false), context), weights);
    std::vector<float> map(input.size());
    const float* const inputs[] = {input.data()};
    float* const outputs[] = {map.data()};
    std::vector<runtime::StepProfile> steps;
    program.run(inputs, outputs, &steps);
    const auto by_winograd =
        std::count_if(steps.begin(), steps.end(), [](const auto& step) { return step.kernel == "Winograd"; });
    EXPECT_EQ(by_winograd, method == "lrp_alpha_1_beta_0" ? 9 : 6) << method;
    const std::vector<double> expected = test::run_method(network, method, {}, x, {}).front().data;
    const double largest = std::abs(*std::max_element(expected.begin(), expected.end(),
                                                      [](double a, double b) { return std::abs(a) < std::abs(b); }));
    for (std::size_t i = 0; i < map.size(); ++i)
      ASSERT_NEAR(map[i], expected[i], 1e-4 * largest) << method << " at " << i;
  }
}

TEST(Precision, IsRefusedWhereItMeansNothing) {
  EXPECT_THROW(explainer_with("f16"), Error);
  for (const std::string precision : {"bf16", "winograd"}) {
    try {
      explainer_with(precision, "reference");
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_NE(std::string(error.what()).find(precision + " is for the backend cpu"), std::string::npos)
          << error.what();
    }
  }
}

// With weights of the outputs near the largest float, the gradient times an input of some size is beyond it.
TEST(Precision, AMapThatIsNotFiniteSaysSo) {
  const Explainer explainer = explainer_with("f32");
  Tensor input = some_input(explainer);
  for (float& value : input.data) value *= 1e6f;
  const auto notes = [&](float weight) {
    const std::int64_t outputs = explainer.model().outputs().front().shape.back();
    const Tensor weights({1, outputs}, std::vector<float>(static_cast<std::size_t>(outputs), weight));
    const Explanation found = explainer.explain(input, {{"gradient_x_input", {}}}, Target::weighted(weights));
    const Tensor& map = found.maps.front().map;
    const auto count = std::count_if(map.data.begin(), map.data.end(), [](float v) { return !std::isfinite(v); });
    return std::pair(count, found.maps.front().notes);
  };
  EXPECT_EQ(notes(1.0f).first, 0);
  EXPECT_TRUE(notes(1.0f).second.empty());
  const auto [count, found] = notes(3e38f);
  ASSERT_GT(count, 0);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().substr(0, found.front().find(':')),
            std::to_string(count) + " of " + std::to_string(input.data.size()) + " values are NaN or infinite");
}

}  // namespace
}  // namespace signxai
