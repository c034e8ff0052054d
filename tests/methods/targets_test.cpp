// Targets: parsing, several neurons at once, contrasts and expressions, several inputs and outputs, inner layers.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/network.h"
#include "methods/method.h"
#include "reverse/expression.h"
#include "signxai/error.h"
#include "signxai/explainer.h"
#include "support/golden_case.h"

namespace signxai {
namespace {

golden::Case vendored(const std::string& name) {
  for (golden::Case& found : golden::read_cases(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data")) {
    if (found.name == name) return found;
  }
  throw std::runtime_error("no case " + name);
}

class TargetsTest : public testing::Test {
 protected:
  std::vector<float> map(const std::string& method, const Target& target, const Parameters& parameters = {}) const {
    return explainer_.explain(input_, {{method, parameters}}, target).maps.front().map.data;
  }

  static void expect_near(const std::vector<float>& a, const std::vector<float>& b, double relative = 1e-5) {
    ASSERT_EQ(a.size(), b.size());
    float largest = 0;
    for (float v : b) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], relative * largest) << "element " << i;
  }

  static std::vector<float> combine(float a, const std::vector<float>& x, float b, const std::vector<float>& y) {
    std::vector<float> sum;
    for (std::size_t i = 0; i < x.size(); ++i) sum.push_back(a * x[i] + b * y[i]);
    return sum;
  }

  const golden::Case case_ = vendored("digits_cnn");
  const Explainer explainer_{case_.load()};
  const Tensor input_ = golden::Arrays(case_).read("input");
};

TEST(Target, IsReadFromText) {
  EXPECT_EQ(Target::parse("max").kind, Target::Kind::kMax);
  EXPECT_EQ(Target::parse("each").kind, Target::Kind::kEach);
  EXPECT_EQ(Target::parse("top:3").count, 3);
  EXPECT_EQ(Target::parse("3,1,4").indices, (std::vector<std::int64_t>{3, 1, 4}));
  EXPECT_EQ(Target::parse("3-5").expression, "f3 - f5");
  EXPECT_EQ(Target::parse("log(f0)/2").expression, "log(f0)/2");
  const Target second = Target::parse("side:4", {"main", "side"});
  EXPECT_EQ(second.output, "side");
  EXPECT_EQ(second.indices, std::vector<std::int64_t>{4});
  EXPECT_EQ(Target::parse("side", {"main", "side"}).kind, Target::Kind::kMax);
  for (const char* wrong : {"", "top:", "top:0", "best", "3,", "f", "f0 +", "(f0", "f0)", "exp f0", "2*3", "side:4"}) {
    EXPECT_THROW(Target::parse(wrong), Error) << wrong;
  }
  EXPECT_THROW(Target::parse(std::string(10000, '(') + "f0"), Error);
}

TEST_F(TargetsTest, TopAndEachGiveTheMapsOfTheirIndices) {
  for (const char* method : {"lrp_epsilon_0_1", "gradient", "integrated_gradients"}) {
    const Explanation each = explainer_.explain(input_, {{method, {}}}, Target::each());
    EXPECT_EQ(each.maps.front().map.shape, (Shape{2, 10, 28, 28, 1}));
    EXPECT_EQ(each.targets_shape, (Shape{2, 10}));
    const Explanation top = explainer_.explain(input_, {{method, {}}}, Target::top(2));
    EXPECT_EQ(top.targets_shape, (Shape{2, 2}));
    const auto largest = explainer_.explain(input_, {}, Target::max()).targets;
    EXPECT_EQ(top.targets[0], largest[0]);
    EXPECT_EQ(top.targets[2], largest[1]);
    const std::vector<float> third = map(method, Target::index(3));
    const auto size = static_cast<std::ptrdiff_t>(third.size() / 2);
    const auto& data = each.maps.front().map.data;
    for (std::ptrdiff_t n = 0; n < 2; ++n) {
      const std::vector<float> part(data.begin() + (10 * n + 3) * size, data.begin() + (10 * n + 4) * size);
      expect_near(part, {third.begin() + n * size, third.begin() + (n + 1) * size});
    }
  }
}

TEST_F(TargetsTest, TopTakesNoMoreThanThereAre) {
  EXPECT_EQ(explainer_.explain(input_, {}, Target::top(99)).targets_shape, (Shape{2, 10}));
}

TEST_F(TargetsTest, AContrastIsTheDifferenceOfTwoMaps) {
  for (const char* method :
       {"gradient", "input_t_gradient", "lrp_epsilon_0_1", "lrp_z", "lrp_sequential_composite_a"}) {
    SCOPED_TRACE(method);
    const std::vector<float> difference = combine(1, map(method, Target::index(3)), -1, map(method, Target::index(5)));
    expect_near(map(method, Target::contrast(3, 5)), difference);
  }
}

TEST_F(TargetsTest, AnExpressionFollowsTheChainRule) {
  const std::vector<float> first = map("gradient", Target::index(0)), second = map("gradient", Target::index(1));
  expect_near(map("gradient", Target::of("2*f0 - (f1 + 3)/4")), combine(2, first, -0.25F, second));
  const Tensor one = golden::sample(input_, 0);
  Explanation alone = explainer_.explain(one, {{"gradient", {}}}, Target::of("f0 * f1"));
  const std::vector<float> f0 = explainer_.explain(one, {{"gradient", {}}}, Target::index(0)).maps[0].map.data;
  const std::vector<float> f1 = explainer_.explain(one, {{"gradient", {}}}, Target::index(1)).maps[0].map.data;
  // d(f0 f1) = f1 df0 + f0 df1, and the logits are the sums of LRP-Z relevance of a network without bias; here they
  // come from the difference quotient of the expression's own gradient along the map of f0.
  const std::vector<float> sum =
      explainer_.explain(one, {{"gradient", {}}}, Target::of("(f0 + f1) * (f0 + f1)")).maps[0].map.data;
  const std::vector<float> squares =
      combine(1, explainer_.explain(one, {{"gradient", {}}}, Target::of("f0 * f0")).maps[0].map.data, 1,
              explainer_.explain(one, {{"gradient", {}}}, Target::of("f1 * f1")).maps[0].map.data);
  expect_near(combine(2, alone.maps[0].map.data, 1, squares), sum);
  EXPECT_EQ(alone.targets, std::vector<std::int64_t>{-1});
  EXPECT_THROW(map("gradient", Target::of("f10")), Error);
  EXPECT_THROW(map("grad_cam", Target::contrast(1, 2), {{"last_conv_layer_name", std::string("conv2d_1")}}), Error);
}

TEST_F(TargetsTest, InnerLayersStopsAndSeeds) {
  const std::vector<float> once = map("lrp_epsilon_0_1", Target::index(2), {{"r_init", 1.0}});
  expect_near(map("lrp_epsilon_0_1", Target::index(2), {{"r_init", 3.0}}), combine(3, once, 0, once));
  expect_near(map("gradient", Target::index(2), {{"r_init", 2.0}}),
              combine(2, map("gradient", Target::index(2)), 0, once));
  EXPECT_THROW(map("gradient", Target::max(), {{"stop_mapping_at_layers", std::string("nowhere")}}), Error);
  EXPECT_THROW(map("integrated_gradients", Target::max(), {{"explained_layer_names", std::string("dense")}}), Error);
  const std::vector<MethodRequest> all = {{"lrp_z", {{"explained_layer_names", std::string("all")}}}};
  const Explanation explanation = explainer_.explain(input_, all);
  EXPECT_EQ(explanation.maps.size(), explainer_.model().layers().size() - 1);  // all but the input
  std::vector<std::string> names;
  for (const MethodMap& map : explanation.maps) names.push_back(map.name());
  EXPECT_EQ(names, explainer_.map_names(all));
  EXPECT_EQ(names.front().substr(0, 6), "lrp_z/");
}

}  // namespace
}  // namespace signxai
