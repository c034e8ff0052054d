// Reductions: by hand, against a second formulation, ties, and by differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends/reference/evaluate.h"
#include "graph/op.h"
#include "graph/rewrite.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::Sign;

Attrs over(Ints axes, bool keep = false) { return {{"axes", std::move(axes)}, {"keep_dims", std::int64_t{keep}}}; }

const std::vector<Ints> kAxes = {{}, {0}, {1}, {2}, {0, 1}, {2, 0}, {1, 2}, {0, 1, 2}};

/// Elements of a (2, 3, 4) array that fall together with element `index` when `axes` are reduced.
std::vector<std::size_t> together(std::size_t index, const Ints& axes) {
  const std::size_t at[] = {index / 12, index / 4 % 3, index % 4};
  std::vector<std::size_t> group;
  for (std::size_t i = 0; i < 24; ++i) {
    const std::size_t other[] = {i / 12, i / 4 % 3, i % 4};
    bool same = true;
    for (std::size_t d = 0; d < 3; ++d) {
      same = same && (other[d] == at[d] || std::count(axes.begin(), axes.end(), static_cast<std::int64_t>(d)));
    }
    if (same) group.push_back(i);
  }
  return group;
}

TEST(Reduce, ByHand) {
  const Array x = array({2, 3}, {1, 2, 6, -4, 5, -7});
  expect_equal(run_op("reduce_sum", {x}, over({1})), array({2}, {9, -6}));
  expect_equal(run_op("reduce_mean", {x}, over({1}, true)), array({2, 1}, {3, -2}));
  expect_equal(run_op("reduce_max", {x}, over({0})), array({3}, {1, 5, 6}));
  expect_equal(run_op("reduce_min", {x}, over({0, 1})), array({}, {-7}));
  expect_equal(run_op("reduce_sum", {x}, over({})), x);
}

TEST(Reduce, AgreesWithItsDefinition) {
  std::mt19937 random(3);
  const Array x = random_array({2, 3, 4}, random);
  for (const Ints& axes : kAxes) {
    SCOPED_TRACE(to_string(axes));
    Shape kept = x.shape;
    for (auto axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
    Array sum(kept), max(kept), min(kept), mean(kept);
    for (std::size_t i = 0, next = 0; i < 24; ++i) {
      const auto group = together(i, axes);
      if (group.front() != i) continue;  // the first of each group, in order: the elements of the result
      double total = 0, high = -2, low = 2;
      for (auto k : group) total += x.data[k], high = std::max(high, x.data[k]), low = std::min(low, x.data[k]);
      sum.data[next] = total, max.data[next] = high, min.data[next] = low;
      mean.data[next++] = total / static_cast<double>(group.size());
    }
    expect_equal(run_op("reduce_sum", {x}, over(axes, true)), sum);
    expect_equal(run_op("reduce_max", {x}, over(axes, true)), max);
    expect_equal(run_op("reduce_min", {x}, over(axes, true)), min);
    expect_equal(run_op("reduce_mean", {x}, over(axes, true)), mean);
    EXPECT_EQ(run_op("reduce_sum", {x}, over(axes)).data, run_op("reduce_sum", {x}, over(axes, true)).data);
  }
}

TEST(Reduce, Gradients) {
  std::mt19937 random(4);
  const Array x = shuffled_array({2, 3, 4}, random);
  for (const Ints& axes : kAxes) {
    for (const char* op : {"reduce_sum", "reduce_mean", "reduce_max", "reduce_min"}) {
      for (bool keep : {false, true}) expect_gradients(op, {x}, over(axes, keep), {0}, random);
    }
  }
}

TEST(Reduce, TiedExtremaShareEqually) {
  for (const char* op : {"reduce_max", "reduce_min"}) {
    graph::Builder b;
    const auto x = b.input("x", {2, 4}), dy = b.input("dy", {2});
    b.output("dx", graph::pull_back(b, b.make(op, {x}, over({1})), dy, {x})[0]);
    const double sign = std::string(op) == "reduce_max" ? 1 : -1;
    Array values = array({2, 4}, {2, 5, 5, 1, 3, 3, 3, 0});
    for (double& v : values.data) v *= sign;
    const std::vector<Array> feeds = {values, array({2}, {8, 6})};
    expect_equal(reference::evaluate(b.graph(), feeds)[0], array({2, 4}, {0, 4, 4, 0, 2, 2, 2, 0}));
  }
}

TEST(Reduce, NanStaysVisible) {
  const Array x = array({2, 2}, {NAN, 1, 2, NAN});
  for (const char* op : {"reduce_max", "reduce_min", "reduce_sum"}) {
    const Array y = run_op(op, {x}, over({1}));
    EXPECT_TRUE(std::isnan(y.data[0]) && std::isnan(y.data[1])) << op;
  }
}

TEST(Reduce, Shapes) {
  EXPECT_EQ(infer_op("reduce_mean", {{kOpen, kOpen, 3}}, over({1})), (Shape{kOpen, 3}));
  EXPECT_EQ(infer_op("reduce_mean", {{kOpen, kOpen, 3}}, over({1}, true)), (Shape{kOpen, 1, 3}));
  EXPECT_NE(refusal("reduce_sum", {{2, 3}}, over({2})).find("axis out of range"), std::string::npos);
  EXPECT_NE(refusal("reduce_sum", {{2, 3}}, over({-1})).find("axis out of range"), std::string::npos);
  EXPECT_NE(refusal("reduce_sum", {{2, 3}}, over({1, 1})).find("twice"), std::string::npos);
  EXPECT_NE(refusal("reduce_max", {{2, 0}}, over({1})).find("empty"), std::string::npos);
  EXPECT_NE(refusal("reduce_max", {{2, 1}}, {{"axes", Ints{1}}, {"keep_dims", std::int64_t{2}}}).find("keep_dims"),
            std::string::npos);
}

TEST(Reduce, DifferentiatesOpenBatchesButNotOverOpenExtents) {
  graph::Builder b;
  const auto x = b.input("x", {kOpen, 4, 3});
  for (const char* op : {"reduce_sum", "reduce_mean", "reduce_max"}) {
    const auto y = b.make(op, {x}, over({1}));
    EXPECT_EQ(b.shape(graph::pull_back(b, y, y, {x})[0]), (Shape{kOpen, 4, 3}));
  }
  const auto batch_mean = b.make("reduce_mean", {x}, over({0}));
  EXPECT_THROW(graph::pull_back(b, batch_mean, batch_mean, {x}), Error);
}

TEST(Reduce, Signs) {
  const Sign pos = Sign::only_positive(), both{true, false, true};
  EXPECT_EQ(sign_of("reduce_sum", {{2, 3}}, {pos}, over({1})), pos);
  EXPECT_EQ(sign_of("reduce_sum", {{2, 3}}, {both}, over({1})), Sign::any());
  EXPECT_EQ(sign_of("reduce_max", {{2, 3}}, {both}, over({1})), both);
  EXPECT_EQ(sign_of("reduce_mean", {{2, 3}}, {Sign::only_zero()}, over({1})), Sign::only_zero());
}

}  // namespace
}  // namespace signxai::test
