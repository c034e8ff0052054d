// The conservation ledger: single layers against sums written down here, whole networks against their maps.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "backends/reference/evaluate.h"
#include "rules/composite.h"
#include "signxai/error.h"
#include "signxai/explainer.h"
#include "support/golden_case.h"
#include "support/small_network.h"

namespace signxai::test {
namespace {

using reverse::Ledger;

/// The columns of a ledger's row.
struct Sums {
  double seed, arrived, handed_on, bias, stabiliser;
};

/// The row of the last call of a network of one sample, whose output is explained as a whole.
Sums last_row(const graph::Network& network, const std::string& rule, const Parameters& parameters, const Tensor& x) {
  rules::Composite composite;
  composite.entries.push_back({rules::any_layer, rules::make_rule(rule, parameters)});
  graph::Builder builder(network.graph);
  Ledger ledger;
  reverse::Start start;
  start.ledger = &ledger;
  reverse::walk(builder, network, rules::LrpStep(composite), start);
  builder.clear_outputs();
  builder.output("ledger", ledger.table(builder, 1));
  const std::vector<Tensor> inputs = {x};
  const Tensor table = reference::evaluate(builder.graph(), std::span<const Tensor>(inputs)).front();
  return {table.data[0], table.data[1], table.data[2], table.data[3], table.data[4]};
}

/// Two inputs, two outputs: z = (1.5 - 2 + 0.25, 0.5 + 4 - 1) = (-0.25, 3.5).
class DenseLedger : public testing::Test {
 protected:
  static graph::Network dense() {
    SmallNetwork net({1, 2});
    net.dense(0, {graph::Literal({2, 2}, {1.5F, 0.5F, -1.0F, 2.0F}), graph::Literal({2}, {0.25F, -1.0F})});
    return net.finish();
  }
  static void expect_row(const Sums& row, double seed, double handed_on, double bias, double stabiliser) {
    EXPECT_NEAR(row.seed, seed, 1e-6);
    EXPECT_EQ(row.arrived, 0);
    EXPECT_NEAR(row.handed_on, handed_on, 1e-5);
    EXPECT_NEAR(row.bias, bias, 1e-5);
    EXPECT_NEAR(row.stabiliser, stabiliser, 1e-5);
  }
  const Tensor x_{{1, 2}, {1, 2}};
};

TEST_F(DenseLedger, OfTheZRuleSplitsBetweenInputsAndBias) {
  expect_row(last_row(dense(), "Z", {}, x_), 3.25, -0.5 + 4.5, 0.25 - 1, 0);
  expect_row(last_row(dense(), "ZIgnoreBias", {}, x_), -0.5 + 4.5, 4, 0, 0);
}

TEST_F(DenseLedger, OfTheEpsilonRuleNamesWhatTheStabiliserTakes) {
  // R_j / (z_j + epsilon sign(z_j)) = -0.25 / -0.75 and 3.5 / 4 with epsilon = 0.5
  const double first = 1.0 / 3, second = 0.875;
  expect_row(last_row(dense(), "Epsilon", {{"epsilon", 0.5}}, x_), 3.25, first * -0.5 + second * 4.5,
             first * 0.25 - second, first * -0.5 + second * 0.5);
}

TEST_F(DenseLedger, OfAlphaBetaWeighsItsShares) {
  // Excitatory parts 1.5 and 4.5, inhibitory -2 and 0; the whole bias enters each denominator (Q7).
  const double excited = -0.25 / (1.5 + 0.25), also = 3.5 / (4.5 - 1), inhibited = -0.25 / (-2 + 0.25),
               other = 3.5 / -1;
  const double handed_on = 2 * (excited * 1.5 + also * 4.5) - (inhibited * -2);
  const double bias = 2 * (excited * 0.25 + also * -1) - (inhibited * 0.25 + other * -1);
  expect_row(last_row(dense(), "Alpha2Beta1", {}, x_), 3.25, handed_on, bias, 0);
  EXPECT_NEAR(handed_on + bias, 3.25, 1e-9);
}

TEST_F(DenseLedger, NamesTheStabiliserOfADivisionByZero) {
  SmallNetwork net({1, 2});
  net.dense(net.dense(0, {graph::Literal({2, 1}, {1.0F, -0.5F}), {}}),
            {graph::Literal({1, 1}, {2.0F}), graph::Literal({1}, {1.0F})});
  const Sums row = last_row(net.finish(), "Z", {}, x_);  // the input of the last layer is 0
  expect_row(row, 1, 0, 1, 0);
}

TEST_F(DenseLedger, OfSignNamesTheBiasAlone) {
  // s(x) = (1, 1): R_in sums W's columns, which is not what the relevance was divided by.
  expect_row(last_row(dense(), "SIGN", {}, x_), 3.25, 0.5 + 2.5, 0.25 - 1, 0);
}

TEST_F(DenseLedger, OfTheSoundGammaRuleConserves) {
  rules::Composite composite;
  composite.entries.push_back({rules::any_layer, rules::make_rule("Gamma", {{"gamma", 0.5}})});
  const graph::Network network = dense();
  graph::Builder builder(network.graph);
  Ledger ledger;
  reverse::Start start;
  start.ledger = &ledger;
  start.semantics = reverse::Semantics::parse("sound");
  reverse::walk(builder, network, rules::LrpStep(composite), start);
  builder.clear_outputs();
  builder.output("ledger", ledger.table(builder, 1));
  const std::vector<Tensor> inputs = {x_};
  const Tensor t = reference::evaluate(builder.graph(), std::span<const Tensor>(inputs)).front();
  EXPECT_NEAR(t.data[0], t.data[2] + t.data[3] + t.data[4], 1e-5);
  EXPECT_GT(std::fabs(t.data[3]), 0.1);
}

golden::Case vendored(const std::string& name) {
  for (golden::Case& found : golden::read_cases(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data")) {
    if (found.name == name) return found;
  }
  throw std::runtime_error("no case " + name);
}

double sum_of_sample(const Tensor& map, std::size_t n) {
  const std::size_t size = map.data.size() / static_cast<std::size_t>(map.shape.front());
  const auto begin = map.data.begin() + static_cast<std::ptrdiff_t>(n * size);
  return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(size), 0.0);
}

/// The largest number in the accounts of sample n: what rounding is measured by.
double scale_of(const signxai::Ledger& ledger, std::size_t n) {
  double scale = std::fabs(ledger.put_in[n]);
  for (const LedgerRow& row : ledger.rows) {
    for (const auto* list : {&row.in, &row.out, &row.bias, &row.epsilon})
      scale = std::max(scale, std::fabs((*list)[n]));
  }
  return scale;
}

struct Expected {
  const char* method;
  bool kernels;  ///< kernel layers conserve what they do not name as absorbed
  bool padding;  ///< so does padding: the rule behind it gives a zero nothing
};

class LedgerOf : public testing::TestWithParam<const char*> {
 protected:
  static constexpr Expected kMethods[] = {{"lrp_z", true, true},
                                          {"lrp_epsilon_0_1", true, true},
                                          {"lrp_epsilon_0_5_std_x", true, true},
                                          {"lrp_alpha_1_beta_0", true, true},
                                          {"lrp_alpha_2_beta_1", true, true},
                                          {"lrp_sequential_composite_a", true, true},
                                          {"w2lrp_z", true, false},
                                          {"flatlrp_epsilon_0_1", true, false},
                                          {"lrpsign_epsilon_0_1", false, false},
                                          {"gradient", false, false}};
};

TEST_P(LedgerOf, AddsUpToWhatWasPutIn) {
  const golden::Case from = vendored(GetParam());
  ExplainerOptions exact;
  exact.backend = "reference";
  const Explainer explainer(from.load(), exact);
  const Tensor input = golden::sample(golden::Arrays(from).read("input"), 0);
  for (const Expected& expected : kMethods) {
    SCOPED_TRACE(expected.method);
    const Explanation explanation = explainer.explain(input, {{expected.method, {}, true}});
    const signxai::Ledger& ledger = explanation.ledgers.front();
    EXPECT_EQ(ledger.method, expected.method);
    const double scale = scale_of(ledger, 0), map = sum_of_sample(explanation.maps.front().map, 0);
    double total = ledger.arrived[0];
    for (const LedgerRow& row : ledger.rows) {
      total += row.bias[0] + row.epsilon[0] + row.other[0];
      EXPECT_NEAR(row.in[0],
                  row.rule == "input" ? ledger.arrived[0] : row.out[0] + row.bias[0] + row.epsilon[0] + row.other[0],
                  1e-5 * scale);
      const bool pads = row.layer.find("pad") != std::string::npos;
      if (pads ? expected.padding : expected.kernels) {
        EXPECT_NEAR(row.other[0], 0, 1e-5 * scale) << row.layer << ' ' << row.rule;
      }
    }
    EXPECT_NEAR(ledger.put_in[0], total, 1e-5 * scale);
    EXPECT_NEAR(ledger.arrived[0], map, 1e-4 * scale);
    EXPECT_GT(std::fabs(ledger.put_in[0]), 1e-3);
  }
}

TEST_P(LedgerOf, IsTheSameFromTheFastBackend) {
  const golden::Case from = vendored(GetParam());
  ExplainerOptions exact;
  exact.backend = "reference";
  const Model model = from.load();
  const Tensor input = golden::Arrays(from).read("input");
  std::vector<MethodRequest> requests;
  for (const Expected& expected : kMethods) requests.push_back({expected.method, {}, true});
  const Explanation fast = Explainer(model).explain(input, requests),
                    slow = Explainer(model, exact).explain(input, requests);
  ASSERT_EQ(fast.ledgers.size(), std::size(kMethods));
  for (std::size_t m = 0; m < fast.ledgers.size(); ++m) {
    SCOPED_TRACE(fast.ledgers[m].method);
    for (std::size_t n = 0; n < 2; ++n) {
      const double scale = scale_of(slow.ledgers[m], n);
      for (std::size_t i = 0; i < slow.ledgers[m].rows.size(); ++i) {
        const LedgerRow &a = fast.ledgers[m].rows[i], &b = slow.ledgers[m].rows[i];
        EXPECT_EQ(a.layer, b.layer);
        EXPECT_NEAR(a.in[n], b.in[n], 1e-3 * scale) << a.layer;
        EXPECT_NEAR(a.out[n], b.out[n], 1e-3 * scale) << a.layer;
        EXPECT_NEAR(a.bias[n], b.bias[n], 1e-3 * scale) << a.layer;
        EXPECT_NEAR(a.epsilon[n], b.epsilon[n], 1e-3 * scale) << a.layer;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, LedgerOf,
                         testing::Values("digits_cnn", "resnet_mini", "merge_add_only", "conv1d_ecg", "digits_cnn_bn"),
                         [](const auto& network) { return std::string(network.param); });

class LedgerRequest : public testing::Test {
 protected:
  const golden::Case case_ = vendored("digits_cnn");
  const Model model_ = case_.load();
  const Tensor input_ = golden::Arrays(case_).read("input");
};

TEST_F(LedgerRequest, CostsNothingWhereItIsNotAskedFor) {
  const Explainer explainer(model_);
  const std::string without = explainer.graph_text("graph", {{"lrp_z", {}}});
  const std::string with = explainer.graph_text("graph", {{"lrp_z", {}, true}});
  EXPECT_EQ(without.find("ledger"), std::string::npos);
  EXPECT_NE(with.find("ledger"), std::string::npos);
  EXPECT_LT(without.size(), with.size());
  EXPECT_TRUE(explainer.explain(input_, {{"lrp_z", {}}}).ledgers.empty());
}

TEST_F(LedgerRequest, LeavesTheMapAsItIs) {
  const std::vector<float> with = Explainer(model_).explain(input_, {{"lrp_epsilon_0_1", {}, true}}).maps[0].map.data;
  const std::vector<float> without = Explainer(model_).explain(input_, {{"lrp_epsilon_0_1", {}}}).maps[0].map.data;
  for (std::size_t i = 0; i < with.size(); ++i) ASSERT_NEAR(with[i], without[i], 1e-6);
}

TEST_F(LedgerRequest, GoesTogetherWithChunksTargetsAndOtherMethods) {
  ExplainerOptions single;
  single.batch = 1;
  const std::vector<MethodRequest> requests = {
      {"smoothgrad", {{"augment_by_n", 2.0}}}, {"lrp_z", {}}, {"lrp_epsilon_0_1", {}, true}};
  const Explanation together = Explainer(model_).explain(input_, requests, Target::top(3));
  const Explanation apart = Explainer(model_, single).explain(input_, requests, Target::top(3));
  for (const Explanation* explanation : {&together, &apart}) {
    ASSERT_EQ(explanation->ledgers.size(), 1U);
    EXPECT_EQ(explanation->ledgers[0].method, "lrp_epsilon_0_1");
    ASSERT_EQ(explanation->ledgers[0].put_in.size(), 6U);
  }
  for (std::size_t n = 0; n < 6; ++n) {
    EXPECT_NEAR(together.ledgers[0].arrived[n], apart.ledgers[0].arrived[n], 1e-4);
    EXPECT_NEAR(
        together.ledgers[0].arrived[n],
        [&] {
          Tensor rows = together.maps[2].map;
          rows.shape.erase(rows.shape.begin());
          rows.shape.front() = 6;
          return sum_of_sample(rows, n);
        }(),
        1e-3);
  }
}

TEST_F(LedgerRequest, CountsWhatAStopCutsOff) {
  const MethodRequest request = {"lrp_z", {{"stop_mapping_at_layers", std::string("dense")}}, true};
  const signxai::Ledger ledger = Explainer(model_).explain(input_, {request}).ledgers.front();
  double total = ledger.arrived[0];
  for (const LedgerRow& row : ledger.rows) total += row.bias[0] + row.epsilon[0] + row.other[0];
  EXPECT_NEAR(ledger.put_in[0], total, 1e-4 * scale_of(ledger, 0));
}

TEST_F(LedgerRequest, IsRefusedWhereThereIsNoSingleWalk) {
  for (const char* method : {"smoothgrad", "integrated_gradients", "grad_cam", "deeplift"}) {
    EXPECT_THROW(Explainer(model_).explain(input_, {{method, {}, true}}), Error) << method;
  }
}

}  // namespace
}  // namespace signxai::test
