// The scan kernel against the reference backend: the LSTM of the design cases and its pull-back, batches, both
// directions, carries that a step passes on or swaps, captures that are constants and such that are not.
#include <random>

#include <gtest/gtest.h>

#include "backends/packed_weights.h"
#include "backends/reference/evaluate.h"
#include "graph/bind.h"
#include "graph/rewrite.h"
#include "graph/text.h"
#include "passes/passes.h"
#include "runtime/program.h"
#include "support/graph_case.h"
#include "support/op_case.h"

namespace signxai::runtime {
namespace {

using graph::Array;
using graph::Graph;

void expect_reference(const Graph& graph, double tolerance) {
  std::mt19937 random(3);
  std::vector<Array> inputs;
  std::vector<std::vector<float>> values, results;
  std::vector<const float*> sources;
  std::vector<float*> targets;
  for (const graph::Value in : graph.inputs()) {
    inputs.push_back(test::random_array(graph.type(in).shape, random));
    values.emplace_back(inputs.back().data.begin(), inputs.back().data.end());
    std::copy(values.back().begin(), values.back().end(), inputs.back().data.begin());
  }
  for (const auto& data : values) sources.push_back(data.data());
  backends::PackedWeights weights;
  const Program program(passes::optimise(Graph(graph), {compute, {}}), weights);
  for (const graph::Output& out : graph.outputs()) {
    results.emplace_back(static_cast<std::size_t>(element_count(graph.type(out.value).shape)));
  }
  for (auto& data : results) targets.push_back(data.data());
  const auto expected = reference::evaluate(graph, inputs);
  for (int repeat = 0; repeat < 2; ++repeat) {
    program.run(sources, targets);
    for (std::size_t o = 0; o < expected.size(); ++o) {
      double largest = 0;
      for (const double value : expected[o].data) largest = std::max(largest, std::abs(value));
      ASSERT_GT(largest, 0);
      for (std::size_t i = 0; i < results[o].size(); ++i) {
        ASSERT_NEAR(results[o][i], expected[o].data[i], tolerance * largest) << "output " << o << ", element " << i;
      }
    }
  }
}

class LstmCase : public testing::TestWithParam<std::int64_t> {};

TEST_P(LstmCase, ForwardAndPullBack) {
  const std::int64_t batch = GetParam();
  const Graph bound = graph::bind_inputs(test::parse_case(test::read_case("lstm")), {{batch, 2000, 3}});
  graph::Builder b(bound);
  const graph::Value seed = b.broadcast(b.constant(1.0), {batch, 2});
  b.output("gradient", graph::pull_back(b, bound.outputs()[0].value, seed, bound.inputs())[0]);
  expect_reference(b.take(), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Batches, LstmCase, testing::Values(1, 3));

TEST(ScanKernel, CarriesMayBePassedOnAndSwapped) {
  for (const char* reverse : {"0", "1"}) {
    std::string text = R"(
%a = input "a" : f32[2,3]
%b = input "b" : f32[2,3]
%x = input "x" : f32[2,4,3]
%w = input "w" : f32[3]
%s = scan %a %b %x %w {carries=2, reverse=REVERSE, sequences=1}
  body {
    %a = input "a" : f32[2,3]
    %b = input "b" : f32[2,3]
    %x = input "x" : f32[2,3]
    %w = input "w" : f32[3]
    %m = mul %a %x
    %n = add %m %w
    output "b" %b
    output "a" %n
    output "old" %a
    output "product" %m
  }
%0 = get %s {index=0}
%1 = get %s {index=1}
%2 = get %s {index=2}
%3 = get %s {index=3}
output "0" %0
output "1" %1
output "2" %2
output "3" %3
)";
    text.replace(text.find("REVERSE"), 7, reverse);
    SCOPED_TRACE(reverse);
    expect_reference(graph::from_text(text, {}), 1e-6);
  }
}

}  // namespace
}  // namespace signxai::runtime
