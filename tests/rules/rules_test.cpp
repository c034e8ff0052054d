// Every relevance rule against its slow twin: Dense and convolution layers below a Dense head, with and without bias,
// inputs of both signs, neurons by index and by maximum.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/rule.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

struct RuleCase {
  std::string rule;
  Parameters parameters{};
};

void PrintTo(const RuleCase& c, std::ostream* out) { *out << c.rule; }

/// Every rule of the table with its defaults, and with parameters where it has some.
std::vector<RuleCase> rule_cases() {
  std::vector<RuleCase> cases = {
      {"Epsilon", {{"epsilon", 0.1}}},
      {"Epsilon", {{"epsilon", 2.0}, {"bias", 0.0}}},
      {"EpsilonIgnoreBias", {{"epsilon", 0.5}}},
      {"StdxEpsilon", {{"stdfactor", 0.7}}},
      {"StdxEpsilon", {{"stdfactor", 0.1}, {"bias", 0.0}}},
      {"AlphaBeta", {{"alpha", 3.0}, {"beta", 2.0}}},
      {"AlphaBeta", {{"alpha", 1.5}, {"beta", 0.5}, {"bias", 0.0}}},
      {"AlphaBetaIgnoreBias", {{"alpha", 2.5}, {"beta", 1.5}}},
      {"Gamma", {{"gamma", 0.25}}},
      {"Gamma", {{"gamma", 0.6}, {"bias", 0.0}}},
      {"Bounded", {{"low", -3.0}, {"high", 4.0}}},
      {"SIGNmu", {{"mu", 0.4}}},
      {"SIGNmu", {{"mu", -0.6}}},
      {"zennit.Epsilon", {{"epsilon", 0.3}}},
      {"zennit.AlphaBeta", {{"alpha", 1.5}, {"beta", 0.5}, {"stabilizer", 0.01}}},
      {"zennit.Gamma", {{"gamma", 0.8}, {"stabilizer", 0.1}}},
      {"zennit.ZBox", {{"low", -3.0}, {"high", 4.0}}},
  };
  for (const rules::RuleDef& def : rules::rule_table()) {
    const bool needs = std::any_of(def.parameters.begin(), def.parameters.end(),
                                   [](const ParameterInfo& info) { return info.fallback.empty(); });
    const bool for_kernels = def.name != "Pass" && def.name != "Gradient";
    if (!needs && for_kernels) cases.push_back({def.name});
  }
  return cases;
}

constexpr std::int64_t kBatch = 3;

class RuleTest : public testing::TestWithParam<RuleCase> {
 protected:
  Parameters parameters() const {
    Parameters all = GetParam().parameters;
    all["rule"] = GetParam().rule;
    return all;
  }

  /// `first` is the matrix of call 1 of the network, `head` that of its last call.
  void expect_twin(const graph::Network& network, const Affine& first, const Affine& head, const Array& x) {
    for (const Neurons& neurons : {Neurons{}, Neurons{{2, 0, 1}}}) {
      SCOPED_TRACE(neurons ? "by index" : "by maximum");
      const Array map = run_method(network, "lrp", parameters(), x, neurons).front();
      EXPECT_TRUE(std::any_of(map.data.begin(), map.data.end(), [](double v) { return v != 0; }))
          << "zeros prove nothing";
      for (std::size_t n = 0; n < kBatch; ++n) {
        const Vector input = sample_of(x, n), hidden = relu(first(input));
        const Head selected{neurons ? std::optional<std::size_t>((*neurons)[n]) : std::nullopt};
        const Vector above = twin_relevance(GetParam().rule, GetParam().parameters, head, hidden, nullptr, selected);
        expect_sample(map, n, twin_relevance(GetParam().rule, GetParam().parameters, first, input, &above, selected));
      }
    }
  }

  std::mt19937 random_{17};
};

TEST_P(RuleTest, DenseAgreesWithMatrixTwin) {
  for (const bool bias : {true, false}) {
    SCOPED_TRACE(bias ? "with bias" : "without bias");
    const KernelWeights first = random_weights({5, 9}, bias, random_), head = random_weights({9, 3}, bias, random_);
    SmallNetwork net({kBatch, 5});
    net.dense(net.dense(0, first, "relu"), head);
    expect_twin(net.finish(), dense_matrix(first), dense_matrix(head), random_input({kBatch, 5}, random_));
  }
}

TEST_P(RuleTest, ConvolutionAgreesWithMatrixTwin) {
  const std::vector<WindowShape> windows = {{3, 1, "same"}, {3, 2, "same"}, {2, 1, "valid"}, {2, 2, "valid"}};
  for (const WindowShape& window : windows) {
    for (const bool bias : {true, false}) {
      SCOPED_TRACE(window.padding + (bias ? " with bias" : " without bias"));
      const KernelWeights first = random_weights({window.size, window.size, 2, 3}, bias, random_);
      const Affine matrix = conv_matrix(first, 5, 4, window);
      const auto hidden = static_cast<std::int64_t>(matrix.weights.outputs);
      const KernelWeights head = random_weights({hidden, 3}, bias, random_);
      SmallNetwork net({kBatch, 5, 4, 2});
      net.dense(net.flatten(net.conv(0, first, window, "relu")), head);
      expect_twin(net.finish(), matrix, dense_matrix(head), random_input({kBatch, 5, 4, 2}, random_));
    }
  }
}

TEST_P(RuleTest, SingleLayerIsHeadAndInputLayerAtOnce) {
  const KernelWeights only = random_weights({6, 3}, true, random_);
  SmallNetwork net({kBatch, 6});
  net.dense(0, only);
  const graph::Network network = net.finish();
  const Array x = random_input({kBatch, 6}, random_);
  const Array map = run_method(network, "lrp", parameters(), x, Neurons{{1, 1, 0}}).front();
  for (std::size_t n = 0; n < kBatch; ++n) {
    const Head selected{n < 2 ? 1u : 0u};
    expect_sample(
        map, n,
        twin_relevance(GetParam().rule, GetParam().parameters, dense_matrix(only), sample_of(x, n), nullptr, selected));
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleTest, testing::ValuesIn(rule_cases()), [](const auto& tested) {
  std::string name = tested.param.rule + "_" + std::to_string(tested.index);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(RuleTable, RefusesBadParameters) {
  EXPECT_ANY_THROW(rules::make_rule("Epsilon", {{"epsilon", 0.0}}));
  EXPECT_ANY_THROW(rules::make_rule("Epsilon", {{"epsilon", -1.0}}));
  EXPECT_ANY_THROW(rules::make_rule("Epsilon", {{"epsilon", std::string("much")}}));
  EXPECT_ANY_THROW(rules::make_rule("AlphaBeta", {}));
  EXPECT_ANY_THROW(rules::make_rule("AlphaBeta", {{"alpha", 2.0}, {"beta", 2.0}}));
  EXPECT_ANY_THROW(rules::make_rule("AlphaBeta", {{"alpha", 0.5}}));
  EXPECT_ANY_THROW(rules::make_rule("Gamma", {}));
  EXPECT_ANY_THROW(rules::make_rule("Bounded", {{"low", 2.0}, {"high", 1.0}}));
}

TEST(RuleTable, InfersAlphaFromBetaAndBack) {
  EXPECT_EQ(rules::make_rule("AlphaBeta", {{"alpha", 3.0}}).label,
            rules::make_rule("AlphaBeta", {{"beta", 2.0}}).label);
}

TEST(RuleTable, UnknownNameTellsTheNearest) {
  try {
    rules::make_rule("Epsylon", {});
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("Epsilon"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace signxai::test
