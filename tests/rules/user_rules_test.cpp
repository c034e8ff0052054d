// Layer maps, composites and rule lists of users: which layers they reach, in which order, and what is refused.
#include "rules/user/user_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "methods/method.h"
#include "signxai/error.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UserRulesTest : public testing::Test {
 protected:
  KernelWeights dense(std::int64_t in, std::int64_t out) { return random_weights({in, out}, true, random_); }
  KernelWeights kernel(std::int64_t in, std::int64_t out) { return random_weights({2, 2, in, out}, true, random_); }

  /// conv relu, conv relu, flatten, dense relu, dense: layer_1, layer_2, layer_3, layer_4, layer_5 on 4 x 4 x 1.
  graph::Network pictures() {
    SmallNetwork net({1, 4, 4, 1});
    const int second = net.conv(net.conv(0, kernel(1, 2), {}, "relu"), kernel(2, 2), {}, "relu");
    net.dense(net.dense(net.flatten(second), dense(8, 4), "relu"), dense(4, 3));
    return net.finish();
  }

  static std::vector<std::string> rules_of(const graph::Network& network, const std::string& method,
                                           const Parameters& parameters) {
    return methods::layer_treatments(methods::resolve(method, parameters), network);
  }
  static std::vector<std::string> mapped(const graph::Network& network, const std::string& method, const char* map) {
    return rules_of(network, method, {{"layer_map", std::string(map)}});
  }

  template <typename Call>
  static std::string message_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string refusal(const char* map) {
    return message_of([&] { mapped(pictures(), "lrp_z", map); });
  }
  std::string composite_refusal(const char* composite) {
    return message_of([&] { rules_of(pictures(), "lrp", {{"composite", std::string(composite)}}); });
  }

  std::mt19937 random_{5};
};

TEST_F(UserRulesTest, ClassesInAnySpellingTakeTheirParameters) {
  EXPECT_THAT(mapped(pictures(), "lrp_z", R"({"conv2d": {"alpha": 1, "beta": 0}, "Dense": {"epsilon": 0.01}})"),
              ElementsAre("input", "AlphaBeta(alpha=1, beta=0) (layer_map conv2d)",
                          "AlphaBeta(alpha=1, beta=0) (layer_map conv2d)", "gradient",
                          "Epsilon(epsilon=0.01) (layer_map Dense)", "Epsilon(epsilon=0.01) (layer_map Dense)"));
  EXPECT_THAT(mapped(pictures(), "lrp_z", R"({"Conv_2D": "Flat"})")[1], "Flat (layer_map Conv_2D)");
}

TEST_F(UserRulesTest, EveryParameterTellsItsRule) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"dense": {"stdfactor": 0.5}})", "StdxEpsilon(stdfactor=0.5)"},
      {R"({"dense": {"gamma": 0.25}})", "Gamma(gamma=0.25)"},
      {R"({"dense": {"low": -2, "high": 3}})", "Bounded(low=-2, high=3)"},
      {R"({"dense": {"mu": 0.5}})", "SIGNmu(mu=0.5)"},
      {R"({"dense": {"beta": 1, "bias": false}})", "AlphaBeta(alpha=2, beta=1, bias=0)"},
      {R"({"dense": {"rule": "WSquareRule"}})", "WSquare"},
      {R"({"dense": {"rule": "zennit.Gamma", "gamma": 0.5}})", "zennit.Gamma(gamma=0.5)"}};
  for (const auto& [map, label] : cases)
    EXPECT_EQ(mapped(pictures(), "lrp_z", map)[4], std::string(label) + " (layer_map dense)");
}

TEST_F(UserRulesTest, NamesAndPatternsReachLayers) {
  EXPECT_THAT(mapped(pictures(), "lrp_z", R"({"layer_[12]": "Flat", "layer_5": "WSquare"})"),
              ElementsAre("input", "Flat (layer_map layer_[12])", "Flat (layer_map layer_[12])", "gradient", "Z",
                          "WSquare (layer_map layer_5)"));
  // A pattern that also meets layers without a kernel leaves these alone.
  EXPECT_THAT(mapped(pictures(), "lrp_z", R"({"*": "Flat"})")[3], "gradient");
}

TEST_F(UserRulesTest, FirstMatchWins) {
  const graph::Network network = pictures();
  const char* map = R"({"layer_2": "Flat", "conv2d": "WSquare", "layer_1": "ZPlus"})";
  EXPECT_THAT(mapped(network, "lrp_z", map)[1], "WSquare (layer_map conv2d)");
  EXPECT_THAT(mapped(network, "lrp_z", map)[2], "Flat (layer_map layer_2)");
  EXPECT_THAT(methods::resolve("lrp_z", {{"layer_map", std::string(map)}}).notes(network),
              ElementsAre(HasSubstr("layer_map layer_1 is not used")));
  EXPECT_THAT(methods::resolve("lrp_z", {{"layer_map", R"({"conv2d": "Flat"})"}}).notes(network), IsEmpty());
}

TEST_F(UserRulesTest, InputRuleGivesWayToANameOnly) {
  EXPECT_THAT(mapped(pictures(), "lrpsign_z", R"({"conv2d": "Flat"})")[1], "SIGN");
  EXPECT_THAT(mapped(pictures(), "lrpsign_z", R"({"layer_*": "Flat"})")[1], "SIGN");
  EXPECT_THAT(mapped(pictures(), "lrpsign_z", R"({"layer_1": "Flat"})")[1], "Flat (layer_map layer_1)");
  EXPECT_THAT(mapped(pictures(), "lrpsign_z", R"({"conv2d": "Flat", "layer_1": "ZPlus"})")[1], "SIGN");
  EXPECT_THAT(mapped(pictures(), "lrp.epsilon_plus_flat", R"({"conv2d": "WSquare"})")[1], "zennit.Flat");
  EXPECT_THAT(mapped(pictures(), "lrp.epsilon_plus_flat", R"({"conv2d": "WSquare"})")[2], "WSquare (layer_map conv2d)");
}

TEST_F(UserRulesTest, GoesOnTopOfEveryLrpMethod) {
  const Parameters map = {{"layer_map", R"({"layer_2": "Flat"})"}};
  for (const char* method :
       {"lrp_sequential_composite_a", "lrp.rule_until_index", "lrp.epsilon_plus", "flatlrp_z", "lrp_epsilon_1"}) {
    EXPECT_EQ(rules_of(pictures(), method, map)[2], "Flat (layer_map layer_2)") << method;
  }
  EXPECT_THAT(message_of([&] { methods::resolve("gradient", map); }), HasSubstr("takes no parameter 'layer_map'"));
}

TEST_F(UserRulesTest, MapComputesWhatItsRulesSay) {
  const KernelWeights first = dense(5, 6), head = dense(6, 3);
  SmallNetwork net({1, 5});
  net.dense(net.dense(0, first, "relu"), head);
  const Array x = random_input({1, 5}, random_);
  const Parameters map = {{"layer_map", R"({"layer_1": {"alpha": 2, "beta": 1}, "dense": {"epsilon": 0.5}})"}};
  const Array found = run_method(net.finish(), "lrp_z", map, x, Neurons{{1}}).front();
  const Vector input = sample_of(x, 0), hidden = relu(dense_matrix(first)(input));
  const Vector above = twin_relevance("Epsilon", {{"epsilon", 0.5}}, dense_matrix(head), hidden, nullptr, {1});
  expect_sample(found, 0, twin_relevance("Alpha2Beta1", {}, dense_matrix(first), input, &above, {}));
}

TEST_F(UserRulesTest, RefusesMapsThatCannotBeMeant) {
  EXPECT_THAT(refusal(R"({"conv3d": "Flat"})"), HasSubstr("matches no layer"));
  EXPECT_THAT(refusal(R"({"layer_9": "Flat"})"), HasSubstr("did you mean"));
  EXPECT_THAT(refusal(R"({"block*": "Flat"})"), HasSubstr("matches no layer"));
  EXPECT_THAT(refusal(R"({"dense": "Flatt"})"), HasSubstr("did you mean Flat"));
  EXPECT_THAT(refusal(R"({"dense": {"epsilom": 1}})"), HasSubstr("names no rule"));
  EXPECT_THAT(refusal(R"({"dense": {"rule": "Flat", "gamma": 1}})"), HasSubstr("takes no parameter 'gamma'"));
  EXPECT_THAT(refusal(R"({"dense": {"epsilon": 1, "gamma": 1}})"), HasSubstr("belong to Epsilon and to Gamma"));
  EXPECT_THAT(refusal(R"({"dense": {"epsilon": -1}})"), HasSubstr("layer_map 'dense'"));
  EXPECT_THAT(refusal(R"({"dense": {"rule": "Gamma"}})"), HasSubstr("needs the parameter 'gamma'"));
  EXPECT_THAT(refusal(R"({"dense": 3})"), HasSubstr("expected the name of a rule"));
  EXPECT_THAT(refusal(R"({"flatten": "Flat"})"), HasSubstr("for layers with a kernel"));
  EXPECT_THAT(refusal(R"({"dense": "Z", "dense": "Flat"})"), HasSubstr("twice"));
  EXPECT_THAT(refusal(R"({"dense": "Z")"), HasSubstr("is no JSON"));
  EXPECT_THAT(refusal(R"(["dense"])"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("must be a JSON object"));
}

TEST_F(UserRulesTest, CompositeIsAListOfEntries) {
  const Parameters composite = {{"composite", R"([{"match": "first", "rule": "Flat"}, {"match": "last", "epsilon": 0.1},
      {"match": "conv", "rule": "ZPlus"}, {"match": "flatten", "rule": "Gradient"}, {"match": "class:Conv3D", "rule": "Z"},
      {"match": "any", "rule": "Z"}])"}};
  EXPECT_THAT(rules_of(pictures(), "lrp", composite),
              ElementsAre("input", "Flat (composite entry 1 'first')", "ZPlus (composite entry 3 'conv')",
                          "Gradient (composite entry 4 'flatten')", "Z (composite entry 6 'any')",
                          "Epsilon(epsilon=0.1) (composite entry 2 'last')"));
}

TEST_F(UserRulesTest, RefusesCompositesThatCannotBeMeant) {
  EXPECT_THAT(composite_refusal("EpsilonPlos"), HasSubstr("did you mean EpsilonPlus"));
  EXPECT_THAT(composite_refusal(R"({"first": "Flat"})"), HasSubstr("JSON list"));
  EXPECT_THAT(composite_refusal(R"([{"rule": "Flat"}])"), HasSubstr("needs a 'match'"));
  EXPECT_THAT(composite_refusal(R"([{"match": "frist", "rule": "Flat"}])"), HasSubstr("did you mean first"));
  EXPECT_THAT(message_of([&] {
                methods::resolve("lrp", {{"composite", "EpsilonPlus"}, {"rule", "Z"}});
              }),
              HasSubstr("not both"));
  EXPECT_THAT(message_of([&] { methods::resolve("lrp", {}); }), HasSubstr("'composite'"));
  EXPECT_THAT(message_of([&] { methods::resolve("lrp", {{"composite", "EpsilonGammaBox"}}); }), HasSubstr("'low'"));
  // A layer that no entry reaches is found when the network is known.
  const Parameters partial = {{"composite", R"([{"match": "conv", "rule": "Z"}])"}};
  EXPECT_EQ(rules_of(pictures(), "lrp", partial)[4], "no rule");
  EXPECT_THAT(message_of([&] {
                run_method(pictures(), "lrp", partial, random_input({1, 4, 4, 1}, random_), Neurons{{0}});
              }),
              HasSubstr("no relevance rule applies"));
}

TEST_F(UserRulesTest, RuleListBeginsAtTheInput) {
  const std::vector<std::string> list = {"Flat", "ZRule", "WSquare", "Epsilon"};
  EXPECT_THAT(rules_of(pictures(), "lrp", {{"rule", list}, {"epsilon", 0.5}}),
              ElementsAre("input", "Flat (rule 1)", "Z (rule 2)", "gradient", "WSquare (rule 3)",
                          "Epsilon(epsilon=0.5) (rule 4)"));
  EXPECT_THAT(rules_of(pictures(), "lrp", {{"rule", list}, {"input_layer_rule", "SIGN"}})[1], "SIGN");
  const auto wrong = [&] { rules_of(pictures(), "lrp", {{"rule", std::vector<std::string>{"Z", "Z"}}}); };
  EXPECT_THAT(message_of(wrong), HasSubstr("the list has 2 rules and the network 4 layers with a kernel"));
}

TEST_F(UserRulesTest, DeepTaylorBeginsWithThePositivePartAndKnowsReluOnly) {
  const KernelWeights first = dense(5, 6), head = dense(6, 3);
  SmallNetwork net({1, 5}), smooth({1, 5});
  net.dense(net.dense(0, first, "relu"), head);
  smooth.dense(smooth.dense(0, first, "tanh"), head);
  const graph::Network network = net.finish();
  const Array x = random_input({1, 5}, random_);
  const Vector hidden = relu(dense_matrix(first)(sample_of(x, 0))), f = dense_matrix(head)(hidden);
  for (std::int64_t k = 0; k < 3; ++k) {
    const Array found = run_method(network, "deep_taylor", {}, x, Neurons{{k}}).front();
    Vector begun(3, 0.0);
    begun[static_cast<std::size_t>(k)] = std::max(f[static_cast<std::size_t>(k)], 0.0);
    const Vector above = twin_relevance("ZPlus", {}, dense_matrix(head), hidden, &begun, {});
    expect_sample(found, 0, twin_relevance("ZPlus", {}, dense_matrix(first), sample_of(x, 0), &above, {}));
  }
  EXPECT_THAT(message_of([&] { rules_of(smooth.finish(), "deep_taylor", {}); }),
              HasSubstr("'layer_1' (Dense with tanh)"));
  EXPECT_THAT(message_of([&] { methods::resolve("deep_taylor.bounded", {}); }), HasSubstr("'low'"));
}

TEST_F(UserRulesTest, MergesBatchNormalisationIntoTheLayerBelow) {
  SmallNetwork net({1, 4, 4, 1});
  const std::vector<graph::Literal> norm = {random_literal({2}, random_), random_literal({2}, random_),
                                            random_literal({2}, random_), graph::Literal({2}, {0.5f, 2.0f})};
  net.dense(net.flatten(net.batch_norm(net.conv(0, kernel(1, 2), {}), norm)), dense(18, 3));
  const graph::Network network = net.finish();
  EXPECT_THAT(rules_of(network, "lrp_z", {{"merge_batch_norm", 1.0}})[2], "merged into layer_1");
  // With the Z rule relevance is conserved but for what the merged bias takes: x * gradient where f is affine.
  const Array x = random_input({1, 4, 4, 1}, random_);
  const Array found = run_method(network, "lrp_z", {{"merge_batch_norm", 1.0}}, x, Neurons{{1}}).front();
  expect_sample(found, 0, sample_of(run_method(network, "input_t_gradient", {}, x, Neurons{{1}}).front(), 0), 1e-6);
}

}  // namespace
}  // namespace signxai::test
