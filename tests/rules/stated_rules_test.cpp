// Rules that users state by their terms equal the built-in ones: at inner layers and at a head, for inputs of both
// signs, and what is malformed is refused with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "backends/reference/evaluate.h"
#include "methods/method.h"
#include "signxai/error.h"
#include "signxai/explainer.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

using testing::HasSubstr;

constexpr const char* kZ = R"({"terms": [{"bias": "all"}]})";
constexpr const char* kExcited = R"([{"input": "positive", "kernel": "positive", "bias": "positive"},
                                     {"input": "negative", "kernel": "negative", "bias": "negative"}])";
constexpr const char* kInhibited = R"([{"input": "positive", "kernel": "negative", "bias": "negative"},
                                       {"input": "negative", "kernel": "positive", "bias": "positive"}])";
/// The literature's gamma rule with gamma = 0.25; # is the stabiliser.
constexpr const char* kGamma = R"(
  {"where": "positive", "epsilon": #, "terms": [{"bias": "all"},
    {"input": "positive", "kernel": "positive", "bias": "positive", "scale": 0.25},
    {"input": "negative", "kernel": "negative", "scale": 0.25}]},
  {"where": "negative", "epsilon": #, "terms": [{"bias": "all"},
    {"input": "positive", "kernel": "negative", "bias": "negative", "scale": 0.25},
    {"input": "negative", "kernel": "positive", "scale": 0.25}]})";
/// The reference's gamma rule, gamma A - B.
constexpr const char* kReferenceGamma = R"(
  {"weight": 0.25, "terms": [{"input": "positive", "kernel": "positive", "bias": "positive"}, {"bias": "all"}]},
  {"weight": -1, "terms": [{"input": "positive", "bias": "all"}, {"kernel": "positive", "bias": "positive"}]})";

std::string replaced(std::string text, const std::string& mark, const std::string& by) {
  for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, mark.size(), by);
  return text;
}

std::string stated(const std::string& shares) { return R"({"name": "Mine", "shares": [)" + shares + "]}"; }

struct Case {
  const char* label;
  std::string shares;
  const char* rule;
  Parameters parameters;
  const char* semantics = "signxai";
  bool head = true;  ///< whether the built-in begins with the output there
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.label; }

std::string name_of(const Case& c) { return replaced(replaced(c.label, " ", "_"), "'", ""); }

std::vector<Case> cases() {
  const std::string excited = kExcited, inhibited = kInhibited;
  const std::string full_bias =
      R"({"weight": 2, "terms": )" + excited + R"(}, {"weight": -1, "terms": )" + inhibited + "}";
  return {
      {"z", kZ, "Z", {}},
      {"z without bias", R"({"terms": [{}]})", "ZIgnoreBias", {}, "signxai", false},
      {"epsilon", R"({"terms": [{"bias": "all"}], "epsilon": 0.3})", "Epsilon", {{"epsilon", 0.3}}},
      {"alpha beta", full_bias, "AlphaBeta", {{"alpha", 2.0}, {"beta", 1.0}}},
      {"z plus",
       R"({"terms": [{"input": "positive", "kernel": "positive"}, {"input": "negative", "kernel": "negative"}]})",
       "ZPlus",
       {}},
      {"z plus fast", R"({"terms": [{"kernel": "positive"}]})", "ZPlusFast", {}},
      {"w square", R"({"terms": [{"input": 1, "kernel": "squared"}]})", "WSquare", {}},
      {"flat", R"({"terms": [{"input": 1, "kernel": "ones"}]})", "Flat", {}},
      {"sign", R"({"terms": [{"bias": "all", "factor": "sign"}]})", "SIGN", {}},
      {"box",
       R"({"epsilon": 1e-6, "terms": [{}, {"input": -3, "kernel": "positive", "scale": -1}, {"input": 4, "kernel": "negative", "scale": -1}]})",
       "zennit.ZBox",
       {{"low", -3.0}, {"high", 4.0}}},
      {"zennit's gamma", replaced(kGamma, "#", "0.1"), "zennit.Gamma", {{"gamma", 0.25}, {"stabilizer", 0.1}}},
      {"gamma of the literature", replaced(kGamma, "#", "0"), "Gamma", {{"gamma", 0.25}}, "sound"},
      {"gamma of the reference", kReferenceGamma, "Gamma", {{"gamma", 0.25}}},
  };
}

/// conv relu, flatten, dense relu, dense on 4 x 4 x 1.
graph::Network pictures(std::mt19937& random) {
  SmallNetwork net({2, 4, 4, 1});
  const int conv = net.conv(0, random_weights({2, 2, 1, 3}, true, random), {}, "relu");
  const int hidden = net.dense(net.flatten(conv), random_weights({27, 6}, true, random), "relu");
  net.dense(hidden, random_weights({6, 4}, true, random));
  return net.finish();
}

void expect_equal(const Array& found, const Array& expected) {
  double largest = 0;
  for (double value : expected.data) largest = std::max(largest, std::fabs(value));
  ASSERT_GT(largest, 0);
  ASSERT_EQ(found.data.size(), expected.data.size());
  for (std::size_t i = 0; i < found.data.size(); ++i) EXPECT_NEAR(found.data[i], expected.data[i], 1e-9 * largest) << i;
}

class StatedRule : public testing::TestWithParam<Case> {
 protected:
  /// The map of `lrp` with that rule in all layers, of one neuron for each of the two samples.
  Array map_of(const Parameters& parameters) {
    graph::Builder builder(network_.graph);
    builder.clear_outputs();
    reverse::Start start{.selection = reverse::Selection::index(builder.input("targets", {2}))};
    start.semantics = reverse::Semantics::parse(GetParam().semantics);
    const methods::MethodSite site{builder, network_, start, 0};
    builder.output("map", methods::resolve("lrp", parameters).build(site).front());
    return reference::evaluate(builder.graph(), graph_inputs(x_, Neurons{{1, 3}})).front();
  }

  std::mt19937 random_{7};
  const graph::Network network_ = pictures(random_);
  const Array x_ = random_input({2, 4, 4, 1}, random_);
};

INSTANTIATE_TEST_SUITE_P(All, StatedRule, testing::ValuesIn(cases()), [](const auto& c) { return name_of(c.param); });

TEST_P(StatedRule, EqualsTheBuiltInInAllLayersAndAtTheHead) {
  Parameters built_in = GetParam().parameters;
  built_in["rule"] = std::string(GetParam().rule);
  Parameters mine = {{"rule", stated(GetParam().shares)}};
  if (!GetParam().head) mine["layer_map"] = built_in["layer_map"] = std::string(R"({"last": "Z"})");
  expect_equal(map_of(mine), map_of(built_in));
}

TEST_P(StatedRule, EqualsTheBuiltInAtTheInput) {
  Parameters built_in = GetParam().parameters;
  built_in["rule"] = std::string("Z");
  built_in["input_layer_rule"] = std::string(GetParam().rule);
  expect_equal(map_of({{"rule", std::string("Z")}, {"input_layer_rule", stated(GetParam().shares)}}), map_of(built_in));
}

TEST(StatedRules, ShareTheLargestOutputWithoutOtherNeurons) {
  std::mt19937 random{7};
  const graph::Network network = pictures(random);
  const Array x = random_input({2, 4, 4, 1}, random);
  const auto map = [&](const std::string& rule, Parameters parameters) {
    parameters["rule"] = rule;
    return run_method(network, "lrp", parameters, x, std::nullopt).front();
  };
  expect_equal(map(stated(replaced(kGamma, "#", "0.1")), {}), map("zennit.Gamma", {{"stabilizer", 0.1}}));
  expect_equal(map(stated(kZ), {}), map("Z", {}));
}

TEST(StatedRules, DivideByWhatTheDenominatorSays) {
  // Shares of |x w| + |b|: nothing is ever divided by a small number.
  constexpr const char* kMagnitudes = R"({"terms": [{"bias": "all"}], "denominator": [
      {"input": "positive", "kernel": "positive", "bias": "positive"}, {"input": "negative", "kernel": "negative"},
      {"input": "positive", "kernel": "negative", "bias": "negative", "scale": -1},
      {"input": "negative", "kernel": "positive", "scale": -1}]})";
  std::mt19937 random{3};
  const KernelWeights weights = random_weights({5, 4}, true, random);
  SmallNetwork net({1, 5});
  net.dense(0, weights);
  const Array x = random_input({1, 5}, random);
  const Array found = run_method(net.finish(), "lrp", {{"rule", stated(kMagnitudes)}}, x, Neurons{{2}}).front();
  const Affine layer = dense_matrix(weights);
  const Vector input = sample_of(x, 0);
  double total = std::fabs(layer.bias[2]);
  Vector expected;
  for (std::size_t i = 0; i < 5; ++i) total += std::fabs(input[i] * layer.weights.at(i, 2));
  for (std::size_t i = 0; i < 5; ++i) expected.push_back(input[i] * layer.weights.at(i, 2) * layer(input)[2] / total);
  expect_sample(found, 0, expected);
}

TEST(StatedRules, KeepTheAccountsOfTheBuiltIn) {
  const std::string root = SIGNXAI_SOURCE_DIR;
  const Explainer explainer(Model::load(root + "/examples/digits/digits_cnn.h5"));
  Tensor x({2, 28, 28, 1});
  for (std::size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<float>(i % 17) / 17.0F;
  const MethodRequest mine{"lrp", {{"rule", stated(replaced(kGamma, "#", "0.1"))}}, true};
  const MethodRequest built_in{"lrp", {{"rule", std::string("zennit.Gamma")}, {"stabilizer", 0.1}}, true};
  const Explanation found = explainer.explain(x, {mine, built_in});
  const Ledger &ours = found.ledgers[0], &theirs = found.ledgers[1];
  ASSERT_EQ(ours.rows.size(), theirs.rows.size());
  for (std::size_t n = 0; n < 2; ++n) {
    double sum = ours.arrived[n];
    for (std::size_t i = 0; i < ours.rows.size(); ++i) {
      const LedgerRow& row = ours.rows[i];
      sum += row.bias[n] + row.epsilon[n] + row.other[n];
      EXPECT_NEAR(row.bias[n], theirs.rows[i].bias[n], 1e-4) << row.layer;
      EXPECT_NEAR(row.epsilon[n], theirs.rows[i].epsilon[n], 1e-4) << row.layer;
      EXPECT_NEAR(row.other[n], theirs.rows[i].other[n], 1e-4) << row.layer;
      if (row.rule == "Mine") {
        EXPECT_NEAR(row.other[n], 0, 1e-3) << row.layer;
      }
    }
    EXPECT_NEAR(sum, ours.put_in[n], 1e-3);
  }
}

TEST(StatedRules, StandInLayerMapsCompositesAndLists) {
  std::mt19937 random{1};
  const graph::Network network = pictures(random);
  const std::string mine = stated(kZ);
  const auto rules = [&](const std::string& method, const Parameters& parameters) {
    return methods::layer_treatments(methods::resolve(method, parameters), network);
  };
  EXPECT_EQ(rules("lrp_z", {{"layer_map", R"({"dense": {"rule": )" + mine + "}}"}}).back(), "Mine (layer_map dense)");
  EXPECT_EQ(rules("lrp", {{"composite",
                           R"([{"match": "first", "rule": )" + mine + R"(}, {"match": "any", "epsilon": 1}])"}})[1],
            "Mine (composite entry 1 'first')");
  EXPECT_EQ(rules("lrp", {{"rule", std::vector<std::string>{"Flat", mine, "Z"}}})[3], "Mine (rule 2)");
  EXPECT_EQ(rules("lrp.rule_until_index", {{"until_index_rule", mine}, {"input_layer_rule", std::string("none")}})[1],
            "Mine");
}

TEST(StatedRules, OfTheDocumentationSayWhatTheirNamesSay) {
  std::ifstream file(std::string(SIGNXAI_SOURCE_DIR) + "/docs/composites.md");
  std::vector<std::string> examples;
  bool open = false;
  for (std::string line; std::getline(file, line); open = open && !line.empty()) {
    if (line.rfind(R"(    {"rule": {)", 0) == 0) examples.emplace_back(), open = true;
    if (open) examples.back() += line + "\n";
  }
  ASSERT_EQ(examples.size(), 4U);
  std::mt19937 random{9};
  const graph::Network network = pictures(random);
  const Array x = random_input({2, 4, 4, 1}, random);
  const auto map = [&](const std::string& rule) {
    const Parameters parameters = {{"composite", "[{\"match\": \"any\", " + rule + "]"}};
    return run_method(network, "lrp", parameters, x, Neurons{{0, 2}}).front();
  };
  const auto given = [&](std::size_t i) { return map(examples[i].substr(examples[i].find('{') + 1)); };
  expect_equal(given(0), map(R"("rule": "zennit.Gamma"})"));
  expect_equal(given(1), map(R"("rule": "SIGN"})"));
  EXPECT_EQ(given(3).data.size(), x.data.size());
  const Array ours = given(2), stabilised = map(R"("rule": "zennit.AlphaBeta", "stabilizer": 1e-12})");
  expect_equal(ours, stabilised);
}

TEST(StatedRules, AreRefusedWithTheirPlace) {
  const auto refusal = [](const std::string& statement) -> std::string {
    try {
      methods::resolve("lrp_z", {{"layer_map", R"({"dense": {"rule": )" + statement + "}}"}});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(
      refusal(stated(std::string(kZ) + R"(, {"terms": [{"kernel": "positiv"}]})")),
      HasSubstr(
          "layer_map 'dense': rule Mine, share 2, term 1: 'kernel' is \"positiv\"; expected one of all, positive"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"kernel": "positiv"}]})")), HasSubstr("did you mean positive?"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"kernell": "all"}]})")), HasSubstr("did you mean kernel?"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"kernel": "none"}]})")),
              HasSubstr("expected one of all, positive, negative, squared, ones"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"input": [1]}]})")), HasSubstr("or a number"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"scale": "2"}]})")), HasSubstr("'scale' must be a number; got \"2\""));
  EXPECT_THAT(refusal(stated(R"({"terms": []})")), HasSubstr("share 1: needs 'terms', a list"));
  EXPECT_THAT(refusal(stated(R"({"terms": [3]})")), HasSubstr("term 1: must be an object with input"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{}], "epsilon": -1})")), HasSubstr("'epsilon' must not be negative"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{}], "where": "pos"})")), HasSubstr("'where' is \"pos\""));
  EXPECT_THAT(refusal(stated(R"({"terms": [{}], "denominator": [{"factor": 1}]})")),
              HasSubstr("term of the denominator 1"));
  EXPECT_THAT(refusal(R"({"name": "Mine"})"), HasSubstr("needs 'shares'"));
  EXPECT_THAT(refusal(R"({"shares": [{"terms": [{}]}]})"), HasSubstr("needs a 'name'"));
  EXPECT_THAT(refusal(R"({"name": "Mine", "terms": [{}]})"), HasSubstr("has no key 'terms'"));
  EXPECT_THAT(refusal(stated(kZ) + R"(, "gamma": 1)"), HasSubstr("'gamma' stands beside a stated rule"));
  EXPECT_THAT(refusal(stated(R"({"terms": [{"scale": 1e999}]})")), HasSubstr("is no JSON"));
  EXPECT_THAT(refusal(R"(["Z"])"), HasSubstr("name of a rule, or an object that states one"));
}

}  // namespace
}  // namespace signxai::test
