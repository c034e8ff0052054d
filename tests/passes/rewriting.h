// What the tests of single passes share: a graph as text, rewritten, is another text with the same numbers.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "backends/reference/evaluate.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "passes/passes.h"
#include "runtime/program.h"
#include "support/op_case.h"

namespace signxai::passes {

using graph::from_text;
using graph::to_text;

inline std::optional<graph::Literal> weights(std::string_view name, const Shape& shape) {
  std::mt19937 random(static_cast<unsigned>(name.size()));
  const graph::Array array = test::random_array(shape, random);
  return graph::Literal(shape, std::vector<float>(array.data.begin(), array.data.end()), std::string(name));
}

inline Context context() {
  Context made;
  made.evaluate = [](const graph::Node& node, const auto& inputs) { return runtime::compute(node, inputs); };
  return made;
}

inline void expect_same_results(const Graph& before, const Graph& after) {
  std::mt19937 random(7);
  std::vector<graph::Array> inputs;
  for (graph::Value input : before.inputs()) inputs.push_back(test::random_array(before.type(input).shape, random));
  const auto expected = reference::evaluate(before, inputs), got = reference::evaluate(after, inputs);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].shape, expected[i].shape);
    for (std::size_t k = 0; k < got[i].data.size(); ++k) {
      EXPECT_NEAR(got[i].data[k], expected[i].data[k], 1e-6 * (1 + std::abs(expected[i].data[k])));
    }
  }
}

template <typename Pass>
void expect_rewrite(Pass&& pass, const std::string& before, const std::string& after) {
  const Graph graph = from_text(before, weights);
  const Graph rewritten = pass(graph, context());
  graph::verify(rewritten);
  EXPECT_EQ(to_text(rewritten), to_text(from_text(after, weights)));
  expect_same_results(graph, rewritten);
}

}  // namespace signxai::passes
