// The six design cases of tests/graph/cases: parsed, verified, printed, and evaluated on the reference backend.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "backends/reference/evaluate.h"
#include "graph/bind.h"
#include "graph/rewrite.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "passes/passes.h"
#include "support/graph_case.h"
#include "support/op_case.h"

namespace signxai::graph {
namespace {

using test::without_comments;

class GraphCase : public testing::TestWithParam<std::string> {};

TEST_P(GraphCase, ParsesVerifiesAndRoundTrips) {
  const std::string text = test::read_case(GetParam());
  const Graph graph = test::parse_case(text);
  verify(graph);
  EXPECT_EQ(to_text(graph), without_comments(text));
  EXPECT_TRUE(from_text(to_text(graph), constants_of(graph)) == graph);
}

TEST_P(GraphCase, Evaluates) {
  const Graph graph = test::parse_case(test::read_case(GetParam()));
  std::mt19937 random(1);
  std::vector<Array> inputs;
  for (Value input : graph.inputs()) {
    Shape shape = graph.type(input).shape;
    for (auto& extent : shape) extent = extent == kOpen ? 5 : extent;
    inputs.push_back(test::random_array(shape, random));
  }
  for (const Array& result : reference::evaluate(graph, inputs)) {
    double norm = 0;
    for (double v : result.data) norm += v * v;
    EXPECT_TRUE(std::isfinite(norm) && norm > 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GraphCase, testing::ValuesIn(test::case_names()));

Array sequence(std::int64_t batch) {
  std::mt19937 random(2);
  return test::random_array({batch, 2000, 3}, random);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Keras' LSTM of 2 units, written as the equations have it.
Array lstm_by_hand(const Array& x, const Literal& w, const Literal& u, const Literal& b) {
  Array h({x.shape[0], 2});
  for (std::int64_t n = 0; n < x.shape[0]; ++n) {
    double state[2] = {0, 0}, cell[2] = {0, 0};
    for (std::int64_t t = 0; t < x.shape[1]; ++t) {
      double z[8];
      for (int k = 0; k < 8; ++k) {
        z[k] = b.data()[k];
        for (int i = 0; i < 3; ++i) {
          z[k] += x.data[static_cast<std::size_t>((n * x.shape[1] + t) * 3 + i)] * w.data()[i * 8 + k];
        }
        for (int i = 0; i < 2; ++i) z[k] += state[i] * u.data()[i * 8 + k];
      }
      for (int i = 0; i < 2; ++i) {
        cell[i] = sigmoid(z[2 + i]) * cell[i] + sigmoid(z[i]) * std::tanh(z[4 + i]);
        state[i] = sigmoid(z[6 + i]) * std::tanh(cell[i]);
      }
    }
    for (int i = 0; i < 2; ++i) h.data[static_cast<std::size_t>(n * 2 + i)] = state[i];
  }
  return h;
}

TEST(GraphCases, LstmIsWhatItsEquationsSay) {
  const Graph graph = test::parse_case(test::read_case("lstm"));
  const auto weight = [&](std::int32_t id) { return *graph.literal(Value{id}); };
  const Array x = sequence(2);
  const auto out = reference::evaluate(graph, std::vector<Array>{x});
  test::expect_equal(out[0], lstm_by_hand(x, weight(6), weight(7), weight(8)), 1e-12);
}

TEST(GraphCases, LstmPullBackIsMadeByPullBack) {
  const Graph bound = bind_inputs(test::parse_case(test::read_case("lstm")), {{1, 2000, 3}});
  Builder b(bound);
  b.clear_outputs();
  b.set_origin("gradient");
  const Value seed = b.broadcast(b.constant(1.0), {1, 2});
  b.output("gradient", pull_back(b, bound.outputs()[0].value, seed, bound.inputs())[0]);
  EXPECT_EQ(to_text(rewrite(b.take(), {})), without_comments(test::read_case("lstm_pull_back")));
}

TEST(GraphCases, LstmPullBackAgreesWithDifferences) {
  const Graph forward = test::parse_case(test::read_case("lstm"));
  const Graph backward = test::parse_case(test::read_case("lstm_pull_back"));
  Array x = sequence(1);
  const Array gradient = reference::evaluate(backward, std::vector<Array>{x})[0];
  const auto sum = [&] {
    const Array h = reference::evaluate(forward, std::vector<Array>{x})[0];
    return h.data[0] + h.data[1];
  };
  for (const std::size_t k : {5999u, 5998u, 5996u, 5990u, 5950u, 0u}) {  // the last step first
    const double kept = x.data[k];
    x.data[k] = kept + 1e-5;
    const double above = sum();
    x.data[k] = kept - 1e-5;
    const double below = sum();
    x.data[k] = kept;
    EXPECT_NEAR(gradient.data[k], (above - below) / 2e-5, 1e-8) << k;
  }
}

TEST(GraphCases, BindingGivesTheBoundGraph) {
  const Graph open = test::parse_case(test::read_case("open_extents"));
  EXPECT_EQ(to_text(bind_inputs(open, {{1, 32, 48, 3}})), without_comments(test::read_case("open_extents_bound")));
}

TEST(GraphCases, TwoCallsShareOneKernel) {
  const Graph graph = test::parse_case(test::read_case("shared_convolution"));
  const Node &first = graph[Value{4}], &second = graph[Value{7}];
  ASSERT_TRUE(first.is("conv") && second.is("conv"));
  EXPECT_EQ(first.inputs[1], second.inputs[1]);
  EXPECT_EQ(graph.origin(Value{4}), "conv");
  EXPECT_EQ(graph.origin(Value{7}), "conv:1");
}

TEST(GraphCases, SinkingGivesTheChannelsLastGraph) {
  const Graph literal = test::parse_case(test::read_case("channels_first"));
  const Graph sunk = passes::sink_transposes(literal);
  EXPECT_EQ(to_text(sunk), without_comments(test::read_case("channels_first_sunk")));
  std::mt19937 random(3);
  const std::vector<Array> inputs = {test::random_array({2, 3, 8, 8}, random)};
  const auto expected = reference::evaluate(literal, inputs), got = reference::evaluate(sunk, inputs);
  for (std::size_t i = 0; i < expected.size(); ++i) test::expect_equal(got[i], expected[i], 1e-12);
}

TEST(GraphCases, AttentionWeightsTokensByTheirScores) {
  const Graph graph = test::parse_case(test::read_case("attention"));
  Array same({1, 6, 8});  // equal tokens: every token is the mean of all, whatever the scores
  std::mt19937 random(4);
  const Array token = test::random_array({8}, random);
  for (std::size_t i = 0; i < same.data.size(); ++i) same.data[i] = token.data[i % 8];
  const Array out = reference::evaluate(graph, std::vector<Array>{same})[0];
  for (std::size_t i = 8; i < out.data.size(); ++i) EXPECT_NEAR(out.data[i], out.data[i % 8], 1e-12);
  Array swapped = test::random_array({1, 6, 8}, random), original = swapped;  // and the order of tokens does not matter
  std::swap_ranges(swapped.data.begin(), swapped.data.begin() + 8, swapped.data.begin() + 16);
  const Array a = reference::evaluate(graph, std::vector<Array>{original})[0];
  const Array b = reference::evaluate(graph, std::vector<Array>{swapped})[0];
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(a.data[i], b.data[16 + i], 1e-12);
}

TEST(GraphCases, SmoothGradAsBatchAndAsScanAgree) {
  const Graph batch = test::parse_case(test::read_case("smoothgrad_batch"));
  const Graph scan = test::parse_case(test::read_case("smoothgrad_scan"));
  std::mt19937 random(5);
  const std::vector<Array> inputs = {test::random_array({2, 4}, random), test::random_array({2, 8, 4}, random)};
  test::expect_equal(reference::evaluate(batch, inputs)[0], reference::evaluate(scan, inputs)[0], 1e-12);
}

}  // namespace
}  // namespace signxai::graph
