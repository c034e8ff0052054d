// Ops that move elements: reshape, broadcast, transpose, reverse, slice, pad, concat.
#include <gtest/gtest.h>

#include "graph/bind.h"
#include "graph/op.h"
#include "graph/ops/slicing.h"
#include "graph/rewrite.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::kToEnd;
using graph::Sign;

Attrs to_shape(Ints shape) { return {{"shape", std::move(shape)}}; }
Attrs part(Ints begin, Ints end, Ints strides = {}) {
  return {{"begin", std::move(begin)}, {"end", std::move(end)}, {"strides", std::move(strides)}};
}
Attrs along(std::int64_t axis) { return {{"axis", axis}}; }
Attrs pads(Ints values, double value = 0) { return {{"pads", std::move(values)}, {"value", value}}; }

/// The shape of the op's cotangent for its first input.
Shape pulled_shape(const std::string& op, Shape x, Attrs attrs) {
  graph::Builder b;
  const auto in = b.input("x", std::move(x));
  const auto y = b.make(op, {in}, std::move(attrs));
  return b.shape(graph::pull_back(b, y, y, {in})[0]);
}

TEST(Reshape, KeepsTheOrder) {
  const Array y = run_op("reshape", {counting({2, 3, 2})}, to_shape({0, -1}));
  EXPECT_EQ(y.shape, (Shape{2, 6}));
  EXPECT_EQ(y.data, counting({12}).data);
}

TEST(Reshape, InfersAndCopies) {
  EXPECT_EQ(infer_op("reshape", {{kOpen, 7, 7, 3}}, to_shape({0, -1})), (Shape{kOpen, 147}));
  EXPECT_EQ(infer_op("reshape", {{kOpen, 147}}, to_shape({-1, 7, 7, 3})), (Shape{kOpen, 7, 7, 3}));
  EXPECT_EQ(infer_op("reshape", {{kOpen, kOpen, 3}}, to_shape({0, -1})), (Shape{kOpen, kOpen}));
  EXPECT_EQ(infer_op("reshape", {{kOpen, kOpen, 4}}, to_shape({0, 0, 2, 2})), (Shape{kOpen, kOpen, 2, 2}));
  EXPECT_EQ(infer_op("reshape", {{4, 6}}, to_shape({2, -1, 3})), (Shape{2, 4, 3}));
  EXPECT_EQ(infer_op("reshape", {{6}}, to_shape({6, 1})), (Shape{6, 1}));
  EXPECT_EQ(infer_op("reshape", {{}}, to_shape({-1})), (Shape{1}));
  EXPECT_EQ(infer_op("reshape", {{1, 1}}, to_shape({})), Shape{});
}

TEST(Reshape, Refusals) {
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({5, 5})).find("(4, 6)"), std::string::npos);
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({-1, 5})).find("differ"), std::string::npos);
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({-1, -1})).find("more than one"), std::string::npos);
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({4, 6, 0})).find("copy"), std::string::npos);
  EXPECT_NE(refusal("reshape", {{kOpen, 6}}, to_shape({0, 7})).find("differ"), std::string::npos);
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({-3, -8})).find("-3"), std::string::npos);
  const std::int64_t huge = std::int64_t{1} << 32;
  EXPECT_NE(refusal("reshape", {{4, 6}}, to_shape({huge, huge})).find("absurd"), std::string::npos);
}

TEST(Reshape, OpenExtentsAreCheckedWhenBound) {
  graph::Builder b;
  b.output("y", b.reshape(b.input("x", {kOpen, 6}), {4, -1}));
  EXPECT_EQ(graph::bind_inputs(b.graph(), {{2, 6}}).nodes().back().type.shape, (Shape{4, 3}));
  EXPECT_THROW(graph::bind_inputs(b.graph(), {{3, 7}}), Error);
  EXPECT_THROW(graph::bind_inputs(b.graph(), {{1, 6}}), Error);
}

TEST(Reshape, Gradients) {
  std::mt19937 random(1);
  expect_gradients("reshape", {random_array({2, 3, 2}, random)}, to_shape({0, -1}), {0}, random);
  EXPECT_EQ(pulled_shape("reshape", {kOpen, kOpen, 4}, to_shape({0, 0, 2, 2})), (Shape{kOpen, kOpen, 4}));
  EXPECT_EQ(pulled_shape("reshape", {kOpen, 7, 7, 3}, to_shape({0, -1})), (Shape{kOpen, 7, 7, 3}));
}

TEST(Broadcast, RepeatsAndAddsAxes) {
  expect_equal(run_op("broadcast", {array({2, 1}, {1, 2})}, to_shape({2, 0, 3})),
               array({2, 2, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  expect_equal(run_op("broadcast", {array({}, {7})}, to_shape({3})), array({3}, {7, 7, 7}));
  EXPECT_EQ(infer_op("broadcast", {{kOpen, 1, 3}}, to_shape({0, 5, 0})), (Shape{kOpen, 5, 3}));
  EXPECT_EQ(infer_op("broadcast", {{kOpen, 3}}, to_shape({4, 3})), (Shape{4, 3}));
}

TEST(Broadcast, Refusals) {
  EXPECT_NE(refusal("broadcast", {{2, 3}}, to_shape({2, 4})).find("(2, 3) to (2, 4)"), std::string::npos);
  EXPECT_NE(refusal("broadcast", {{2, 3}}, to_shape({3})).find("too few"), std::string::npos);
  EXPECT_NE(refusal("broadcast", {{3}}, to_shape({0, 3})).find("missing"), std::string::npos);
  EXPECT_NE(refusal("broadcast", {{3}}, to_shape({kOpen, 3})).find("missing"), std::string::npos);
  EXPECT_NE(refusal("broadcast", {{1}}, to_shape({std::int64_t{1} << 41})).find("absurd"), std::string::npos);
  EXPECT_NE(refusal("add", {{1 << 21, 1}, {1, 1 << 21}}).find("absurd"), std::string::npos);
}

TEST(Broadcast, Gradients) {
  std::mt19937 random(2);
  expect_gradients("broadcast", {random_array({2, 1}, random)}, to_shape({3, 0, 4}), {0}, random);
  expect_gradients("broadcast", {random_array({}, random)}, to_shape({3, 2}), {0}, random);
  expect_gradients("broadcast", {random_array({2, 3}, random)}, to_shape({0, 0}), {0}, random);
}

TEST(Transpose, MovesAxes) {
  const Array x = counting({2, 3, 4}), y = run_op("transpose", {x}, {{"perm", Ints{2, 0, 1}}});
  ASSERT_EQ(y.shape, (Shape{4, 2, 3}));
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(y.data[(i * 2 + j) * 3 + k], x.data[(j * 3 + k) * 4 + i]);
    }
  }
  std::mt19937 random(3);
  expect_gradients("transpose", {x}, {{"perm", Ints{2, 0, 1}}}, {0}, random);
}

TEST(Transpose, Shapes) {
  EXPECT_EQ(infer_op("transpose", {{kOpen, 3, 4}}, {{"perm", Ints{0, 2, 1}}}), (Shape{kOpen, 4, 3}));
  EXPECT_NE(refusal("transpose", {{2, 3}}, {{"perm", Ints{0}}}).find("(2, 3)"), std::string::npos);
  EXPECT_NE(refusal("transpose", {{2, 3}}, {{"perm", Ints{0, 0}}}).find("twice"), std::string::npos);
  EXPECT_NE(refusal("transpose", {{2, 3}}, {{"perm", Ints{0, 2}}}).find("axis"), std::string::npos);
}

TEST(Reverse, TurnsAnAxisRound) {
  const Array x = counting({2, 3});
  expect_equal(run_op("reverse", {x}, along(1)), array({2, 3}, {2, 1, 0, 5, 4, 3}));
  expect_equal(run_op("reverse", {x}, along(0)), array({2, 3}, {3, 4, 5, 0, 1, 2}));
  EXPECT_FALSE(refusal("reverse", {{2, 3}}, along(2)).empty());
  std::mt19937 random(4);
  expect_gradients("reverse", {x}, along(1), {0}, random);
}

TEST(Slice, ByHand) {
  const Array x = counting({3, 4});
  expect_equal(run_op("slice", {x}, part({1, 1}, {3, 3})), array({2, 2}, {5, 6, 9, 10}));
  expect_equal(run_op("slice", {x}, part({0, 0}, {kToEnd, kToEnd}, {2, 3})), array({2, 2}, {0, 3, 8, 11}));
  expect_equal(run_op("slice", {x}, part({-1, 1}, {kToEnd, -1})), array({1, 2}, {9, 10}));
  expect_equal(run_op("slice", {x}, part({0, -3}, {1, -1}, {1, 1})), array({1, 2}, {1, 2}));
  expect_equal(run_op("slice", {array({}, {5})}, part({}, {})), array({}, {5}));
}

TEST(Slice, OpenExtents) {
  const auto shape = [](std::int64_t begin, std::int64_t end, std::int64_t stride = 1) {
    return infer_op("slice", {{kOpen}}, part({begin}, {end}, {stride}))[0];
  };
  EXPECT_EQ(shape(0, kToEnd), kOpen);
  EXPECT_EQ(shape(2, -1), kOpen);
  EXPECT_EQ(shape(-1, 5), kOpen);
  EXPECT_EQ(shape(1, 4), 3);
  EXPECT_EQ(shape(-1, kToEnd), 1);
  EXPECT_EQ(shape(-5, -2, 2), 2);
  graph::Builder b;
  b.output("y", b.make("slice", {b.input("x", {kOpen})}, part({1}, {-1})));
  EXPECT_EQ(graph::bind_inputs(b.graph(), {{5}}).nodes().back().type.shape, Shape{3});
  EXPECT_THROW(graph::bind_inputs(b.graph(), {{2}}), Error);
}

TEST(Slice, Refusals) {
  EXPECT_NE(refusal("slice", {{4}}, part({0}, {5})).find("[0, 5) of an extent of 4"), std::string::npos);
  EXPECT_FALSE(refusal("slice", {{4}}, part({2}, {2})).empty());
  EXPECT_FALSE(refusal("slice", {{4}}, part({4}, {kToEnd})).empty());
  EXPECT_FALSE(refusal("slice", {{4}}, part({-5}, {kToEnd})).empty());
  EXPECT_FALSE(refusal("slice", {{4}}, part({0}, {-4})).empty());
  EXPECT_FALSE(refusal("slice", {{kOpen}}, part({4}, {2})).empty());
  EXPECT_FALSE(refusal("slice", {{4}}, part({std::numeric_limits<std::int64_t>::min()}, {kToEnd})).empty());
  EXPECT_NE(refusal("slice", {{4}}, part({0}, {4}, {0})).find("strides"), std::string::npos);
  EXPECT_NE(refusal("slice", {{4}}, part({0}, {4}, {-1})).find("strides"), std::string::npos);
  EXPECT_NE(refusal("slice", {{4, 2}}, part({0}, {4})).find("per axis"), std::string::npos);
}

TEST(Slice, Gradients) {
  std::mt19937 random(5);
  const Array x = random_array({5, 7}, random);
  expect_gradients("slice", {x}, part({1, 0}, {3, kToEnd}), {0}, random);
  expect_gradients("slice", {x}, part({-2, 1}, {-1, -1}), {0}, random);
  for (std::int64_t stride = 1; stride <= 7; ++stride) {
    for (std::int64_t begin = 0; begin < 7; ++begin) {
      SCOPED_TRACE("begin " + std::to_string(begin) + " stride " + std::to_string(stride));
      expect_gradients("slice", {x}, part({0, begin}, {kToEnd, kToEnd}, {2, stride}), {0}, random);
    }
  }
  expect_gradients("slice", {x}, part({0, 0}, {4, 3}, {2, 2}), {0}, random);
}

TEST(Slice, GradientsOfOpenExtents) {
  EXPECT_EQ(pulled_shape("slice", {kOpen, 5}, part({0, 1}, {kToEnd, 3})), (Shape{kOpen, 5}));
  EXPECT_EQ(pulled_shape("slice", {kOpen, 5}, part({1, 1}, {-2, 3})), (Shape{kOpen, 5}));
  EXPECT_THROW(pulled_shape("slice", {kOpen}, part({-1}, {kToEnd})), Error);
  EXPECT_THROW(pulled_shape("slice", {kOpen}, part({0}, {1})), Error);
}

TEST(Pad, PutsConstantsAround) {
  expect_equal(run_op("pad", {array({1, 2}, {1, 2})}, pads({1, 0, 2, 1})),
               array({2, 5}, {0, 0, 0, 0, 0, 0, 0, 1, 2, 0}));
  expect_equal(run_op("pad", {array({2}, {1, 2})}, pads({1, 1}, 9)), array({4}, {9, 1, 2, 9}));
  EXPECT_EQ(infer_op("pad", {{kOpen, 3}}, pads({0, 0, 1, 2})), (Shape{kOpen, 6}));
}

TEST(Pad, Refusals) {
  EXPECT_NE(refusal("pad", {{2, 2}}, pads({1, 1})).find("per axis"), std::string::npos);
  EXPECT_NE(refusal("pad", {{2}}, pads({-1, 1})).find("range"), std::string::npos);
  EXPECT_NE(refusal("pad", {{2}}, pads({0, std::numeric_limits<std::int64_t>::max()})).find("range"),
            std::string::npos);
  EXPECT_NE(refusal("pad", {{2}}, pads({0, std::int64_t{1} << 40})).find("absurd"), std::string::npos);
}

TEST(Pad, Gradients) {
  std::mt19937 random(6);
  expect_gradients("pad", {random_array({2, 3}, random)}, pads({1, 0, 2, 1}), {0}, random);
  expect_gradients("pad", {random_array({2}, random)}, pads({1, 1}, 4), {0}, random);
  EXPECT_EQ(pulled_shape("pad", {kOpen, kOpen}, pads({0, 0, 1, 2})), (Shape{kOpen, kOpen}));
}

TEST(Pad, Signs) {
  const Sign pos = Sign::only_positive();
  EXPECT_EQ(sign_of("pad", {{2}}, {pos}, pads({0, 1})), Sign::non_negative());
  EXPECT_EQ(sign_of("pad", {{2}}, {pos}, pads({0, 0})), pos);
  EXPECT_EQ(sign_of("pad", {{2}}, {pos}, pads({1, 0}, -1)), (Sign{true, false, true}));
  EXPECT_EQ(sign_of("pad", {{2}}, {Sign::only_zero()}, pads({1, 0})), Sign::only_zero());
}

TEST(Concat, JoinsAlongAnAxis) {
  const Array a = array({2, 1}, {1, 2}), b = array({2, 2}, {3, 4, 5, 6});
  expect_equal(run_op("concat", {a, b, a}, along(1)), array({2, 4}, {1, 3, 4, 1, 2, 5, 6, 2}));
  expect_equal(run_op("concat", {b, b}, along(0)), array({4, 2}, {3, 4, 5, 6, 3, 4, 5, 6}));
  expect_equal(run_op("concat", {b}, along(0)), b);
}

TEST(Concat, Shapes) {
  EXPECT_EQ(infer_op("concat", {{kOpen, 2}, {3, 4}}, along(1)), (Shape{3, 6}));
  EXPECT_EQ(infer_op("concat", {{kOpen, 2}, {3, 2}}, along(0)), (Shape{kOpen, 2}));
  EXPECT_NE(refusal("concat", {{2, 2}, {3, 4}}, along(1)).find("(2, 2) and (3, 4)"), std::string::npos);
  EXPECT_FALSE(refusal("concat", {{2, 2}, {2}}, along(1)).empty());
  EXPECT_FALSE(refusal("concat", {{2, 2}, {2, 2}}, along(2)).empty());
  EXPECT_FALSE(refusal("concat", std::vector<Shape>(1025, Shape{1}), along(0)).empty());
}

TEST(Concat, Gradients) {
  std::mt19937 random(7);
  const Array a = random_array({2, 1, 2}, random), b = random_array({2, 3, 2}, random);
  expect_gradients("concat", {a, b, a}, along(1), {0, 1, 2}, random);
  expect_gradients("concat", {a, a}, along(2), {1}, random);
}

TEST(Concat, Signs) {
  EXPECT_EQ(sign_of("concat", {{1}, {1}}, {Sign::only_positive(), Sign::only_zero()}, along(0)), Sign::non_negative());
}

}  // namespace
}  // namespace signxai::test
