// Which rule a layer gets: composites A and B, the input-layer rule and what keeps it away, depth and rules up to it.
#include "rules/composite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "methods/method.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CompositeTest : public testing::Test {
 protected:
  KernelWeights dense(std::int64_t in, std::int64_t out) { return random_weights({in, out}, true, random_); }
  KernelWeights kernel(std::int64_t in, std::int64_t out) { return random_weights({2, 2, in, out}, true, random_); }

  /// conv relu, conv relu, flatten, dense relu, dense on 4 x 4 x 1.
  graph::Network pictures() {
    SmallNetwork net({1, 4, 4, 1});
    const int second = net.conv(net.conv(0, kernel(1, 2), {}, "relu"), kernel(2, 2), {}, "relu");
    net.dense(net.dense(net.flatten(second), dense(8, 4), "relu"), dense(4, 3));
    return net.finish();
  }

  static std::vector<std::string> treatments(const graph::Network& network, const std::string& method,
                                             const Parameters& parameters = {}) {
    return methods::layer_treatments(methods::resolve(method, parameters), network);
  }

  std::mt19937 random_{5};
};

TEST_F(CompositeTest, CompositeAIsEpsilonForDenseAndAlphaBetaForConvolutions) {
  EXPECT_THAT(
      treatments(pictures(), "lrp_sequential_composite_a"),
      ElementsAre("input", "Alpha1Beta0", "Alpha1Beta0", "gradient", "Epsilon(epsilon=0.1)", "Epsilon(epsilon=0.1)"));
  EXPECT_THAT(treatments(pictures(), "lrp.sequential_composite_a", {{"epsilon", 0.5}})[4], "Epsilon(epsilon=0.5)");
}

TEST_F(CompositeTest, CompositeBTakesAlphaTwo) {
  EXPECT_THAT(
      treatments(pictures(), "lrp_sequential_composite_b"),
      ElementsAre("input", "Alpha2Beta1", "Alpha2Beta1", "gradient", "Epsilon(epsilon=0.1)", "Epsilon(epsilon=0.1)"));
}

TEST_F(CompositeTest, InputRuleReplacesTheRuleOfTheFirstKernelLayer) {
  EXPECT_THAT(treatments(pictures(), "lrpsign_sequential_composite_b")[1], "SIGN");
  EXPECT_THAT(treatments(pictures(), "lrpsign_sequential_composite_b")[2], "Alpha2Beta1");
  EXPECT_THAT(treatments(pictures(), "w2lrp_epsilon_1")[1], "WSquare");
  EXPECT_THAT(treatments(pictures(), "zblrp_z_VGG16ILSVRC")[1], "Bounded(low=-123.68, high=151.061)");
}

TEST_F(CompositeTest, InputRuleLooksThroughReshapesAndPadding) {
  SmallNetwork net({1, 4, 4, 1});
  net.dense(net.flatten(net.zero_padding(0)), dense(36, 3));
  const graph::Network network = net.finish();
  EXPECT_TRUE(rules::is_input_layer(network, 3));
  EXPECT_THAT(rules::input_rule_blockers(network), IsEmpty());
}

TEST_F(CompositeTest, AllFirstLayersInParallelAreInputLayers) {
  SmallNetwork net({1, 4});
  const int a = net.dense(0, dense(4, 3)), b = net.dense(0, dense(4, 3));
  net.dense(net.add({a, b}), dense(3, 2));
  EXPECT_THAT(treatments(net.finish(), "flatlrp_z"),
              ElementsAre("input", "Flat", "Flat", "share by contribution", "Z"));
}

TEST_F(CompositeTest, InputRuleIsKeptAwayByWhatStandsBeforeTheFirstKernel) {
  SmallNetwork net({1, 4, 4, 1});
  net.dense(net.flatten(net.dropout(0)), dense(16, 3));
  const graph::Network network = net.finish();
  EXPECT_FALSE(rules::is_input_layer(network, 3));
  EXPECT_THAT(rules::input_rule_blockers(network), ElementsAre("layer_1"));
  EXPECT_THAT(treatments(network, "lrpsign_z")[3], "Z");
  EXPECT_THAT(methods::resolve("lrpsign_z", {}).notes(network), ElementsAre(HasSubstr("layer_1")));
  EXPECT_THAT(methods::resolve("lrp_z", {}).notes(network), IsEmpty());
}

TEST_F(CompositeTest, DepthCountsLayersButNotReshapes) {
  const graph::Network network = pictures();
  EXPECT_EQ(rules::depth_of(network, 1), 0);
  EXPECT_EQ(rules::depth_of(network, 2), 1);
  EXPECT_EQ(rules::depth_of(network, 4), 2);  // behind the flatten
  EXPECT_EQ(rules::depth_of(network, 5), 3);
}

/// Dense, Activation, Dense, Activation, Dense: one, one, two, two, three layers get the special rule.
TEST_F(CompositeTest, ActivationLayersCountAsSteps) {
  SmallNetwork net({1, 4});
  const int first = net.activation(net.dense(0, dense(4, 4)), "relu");
  net.dense(net.activation(net.dense(first, dense(4, 4)), "relu"), dense(4, 4));
  const graph::Network network = net.finish();
  for (const auto& [index, count] : {std::pair{0, 1}, {1, 1}, {2, 2}, {3, 2}, {4, 3}}) {
    const auto found =
        treatments(network, "lrp.z_IB",
                   {{"until_layer_idx", static_cast<double>(index)}, {"until_index_rule", std::string("WSquare")}});
    EXPECT_EQ(std::count(found.begin(), found.end(), "WSquare"), count) << "up to depth " << index;
  }
}

TEST_F(CompositeTest, RuleUntilIndexKeepsFlatAtTheInput) {
  const auto found = treatments(pictures(), "lrp.rule_until_index",
                                {{"until_layer_idx", 1.0}, {"until_index_rule", std::string("WSquare")}});
  EXPECT_THAT(found,
              ElementsAre("input", "Flat", "WSquare", "gradient", "Epsilon(epsilon=0.1)", "Epsilon(epsilon=0.1)"));
}

TEST_F(CompositeTest, InputRuleTakesItsOwnRuleAndTheOthersTheirs) {
  const KernelWeights first = dense(5, 6), head = dense(6, 3);
  SmallNetwork net({1, 5});
  net.dense(net.dense(0, first, "relu"), head);
  const Array x = random_input({1, 5}, random_);
  const Array map = run_method(net.finish(), "lrpsign_epsilon_0_5_mu_0_3", {}, x, Neurons{{1}}).front();
  const Vector input = sample_of(x, 0), hidden = relu(dense_matrix(first)(input));
  const Vector above = twin_relevance("Epsilon", {{"epsilon", 0.5}}, dense_matrix(head), hidden, nullptr, {1});
  expect_sample(map, 0, twin_relevance("SIGNmu", {{"mu", 0.3}}, dense_matrix(first), input, &above, {}));
}

}  // namespace
}  // namespace signxai::test
