// conv and conv_backward_data: by hand, against a second formulation, as each other's transpose, and by differences.
#include <gtest/gtest.h>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "signxai/error.h"
#include "support/window_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::Sign;

Attrs plain(std::string padding, std::int64_t rank = 2) {
  const auto n = static_cast<std::size_t>(rank);
  return {{"strides", Ints(n, 1)}, {"padding", std::move(padding)}, {"dilations", Ints(n, 1)}};
}

/// Element [n, o..., channel] straight from the definition; axes that are missing count as extents of 1.
double conv_element(const WindowCase& c, const Array& x, const Array& w, const Ints& cell, std::int64_t n,
                    std::int64_t channel) {
  const std::int64_t in = w.shape[w.shape.size() - 2], outs = w.shape.back(), all_in = x.shape.back();
  const std::int64_t group = channel / (outs / (all_in / in));
  std::int64_t taps = 1;
  for (auto k : c.window) taps *= k;
  double sum = 0;
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    std::int64_t rest = tap, position = 0, scale = 1;
    bool inside = true;
    for (std::size_t d = c.window.size(); d-- > 0;) {
      const std::int64_t at = cell[d] * c.strides[d] + rest % c.window[d] * c.dilations[d] - c.pad_before(d);
      rest /= c.window[d];
      inside = inside && at >= 0 && at < c.extents[d];
      position += at * scale;
      scale *= c.extents[d];
    }
    for (std::int64_t i = 0; inside && i < in; ++i) {
      sum += x.data[static_cast<std::size_t>((n * scale + position) * all_in + group * in + i)] *
             w.data[static_cast<std::size_t>((tap * in + i) * outs + channel)];
    }
  }
  return sum;
}

Array slow_conv(const WindowCase& c, const Array& x, const Array& w) {
  Shape shape{x.shape[0]};
  for (std::size_t d = 0; d < c.window.size(); ++d) shape.push_back(c.out(d));
  shape.push_back(w.shape.back());
  Array y(shape);
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    const std::int64_t channel = rest % shape.back();
    rest /= shape.back();
    Ints cell(c.window.size());
    for (std::size_t d = cell.size(); d-- > 0; rest /= c.out(d)) cell[d] = rest % c.out(d);
    y.data[i] = conv_element(c, x, w, cell, rest, channel);
  }
  return y;
}

struct Problem {
  WindowCase window;
  std::int64_t groups;
  Array x, w;
};

Problem random_problem(int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const char* paddings[] = {"same", "valid", "explicit"};
  const std::size_t rank = 1 + static_cast<std::size_t>(seed) % 3;
  Problem p{random_window(rank, paddings[seed / 3 % 3], true, random), seed % 2 ? 2 : 1, {}, {}};
  const std::int64_t in = 1 + seed % 2, outs = p.groups * (1 + seed / 2 % 2);
  Shape x{1 + seed % 2}, w = p.window.window;
  x.insert(x.end(), p.window.extents.begin(), p.window.extents.end());
  x.push_back(p.groups * in);
  w.insert(w.end(), {in, outs});
  p.x = random_array(x, random);
  p.w = random_array(w, random);
  return p;
}

TEST(Conv, ByHand) {
  const Array x = array({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Array w = array({2, 2, 1, 1}, {1, 2, 3, 4});
  expect_equal(run_op("conv", {x, w}, plain("valid")), array({1, 2, 2, 1}, {37, 47, 67, 77}));
  expect_equal(run_op("conv", {x, w}, plain("same")), array({1, 3, 3, 1}, {37, 47, 21, 67, 77, 33, 23, 26, 9}));
}

TEST(Conv, StridesAndDilationByHand) {
  const Array x = array({1, 6, 1}, {1, 2, 3, 4, 5, 6}), w = array({2, 1, 1}, {10, 1});
  expect_equal(
      run_op("conv", {x, w}, {{"strides", Ints{2}}, {"padding", std::string("valid")}, {"dilations", Ints{3}}}),
      array({1, 2, 1}, {14, 36}));
  expect_equal(
      run_op(
          "conv", {x, w},
          {{"strides", Ints{1}}, {"padding", std::string("explicit")}, {"pads", Ints{2, 0}}, {"dilations", Ints{2}}}),
      array({1, 6, 1}, {1, 2, 13, 24, 35, 46}));
}

TEST(Conv, DepthwiseByHand) {
  // Two groups of one channel, two filters each: Keras' DepthwiseConv with depth multiplier 2.
  const Array x = array({1, 1, 2}, {3, 5}), w = array({1, 1, 4}, {1, 10, 100, 1000});
  Attrs attrs = plain("valid", 1);
  attrs.set("groups", std::int64_t{2});
  expect_equal(run_op("conv", {x, w}, attrs), array({1, 1, 4}, {3, 30, 500, 5000}));
}

TEST(Conv, BiasAndActivation) {
  const Array x = array({1, 2, 1}, {1, -1}), w = array({1, 1, 2}, {1, 2}), bias = array({2}, {0.5, -0.5});
  expect_equal(run_op("conv", {x, w, bias}, plain("valid", 1)), array({1, 2, 2}, {1.5, 1.5, -0.5, -2.5}));
  Attrs rectified = plain("valid", 1);
  rectified.set("activation", std::string("relu"));
  expect_equal(run_op("conv", {x, w, bias}, rectified), array({1, 2, 2}, {1.5, 1.5, 0, 0}));
}

TEST(Conv, AgreesWithItsDefinition) {
  for (int seed = 0; seed < 90; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text() + " groups " + std::to_string(p.groups));
    expect_equal(run_op("conv", {p.x, p.w}, p.window.conv_attrs(p.groups)), slow_conv(p.window, p.x, p.w));
  }
}

TEST(Conv, BackwardDataIsTheTranspose) {
  for (int seed = 0; seed < 90; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text() + " groups " + std::to_string(p.groups));
    std::mt19937 random(static_cast<unsigned>(seed));
    Attrs attrs = p.window.conv_attrs(p.groups);
    const Array y = run_op("conv", {p.x, p.w}, attrs), dy = random_array(y.shape, random);
    attrs.set("input_spatial", p.window.extents);
    const Array dx = run_op("conv_backward_data", {dy, p.w}, attrs);
    EXPECT_NEAR(dot(y, dy), dot(p.x, dx), 1e-10);
  }
}

TEST(Conv, Gradients) {
  std::mt19937 random(5);
  for (int seed = 0; seed < 18; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    expect_gradients("conv", {p.x, p.w}, p.window.conv_attrs(p.groups), {0}, random);
    const Array y = slow_conv(p.window, p.x, p.w);
    Attrs attrs = p.window.conv_attrs(p.groups);
    attrs.set("input_spatial", p.window.extents);
    expect_gradients("conv_backward_data", {y, p.w}, attrs, {0}, random);
  }
}

TEST(Conv, WeightsGetNoGradient) {
  graph::Builder b;
  const auto x = b.input("x", {1, 4, 1}), w = b.input("w", {2, 1, 1});
  const auto y = b.make("conv", {x, w}, plain("valid", 1));
  const auto pulled = graph::pull_back(b, y, y, {x, w});
  EXPECT_TRUE(pulled[0]);
  EXPECT_FALSE(pulled[1]);
}

TEST(Conv, RefusesToDifferentiateFusedOrOpenNodes) {
  graph::Builder b;
  const auto w = b.input("w", {2, 1, 1}), bias = b.input("bias", {1});
  const auto x = b.input("x", {1, 4, 1}), open = b.input("open", {1, kOpen, 1});
  const auto fused = b.make("conv", {x, w, bias}, plain("valid", 1));
  try {
    graph::pull_back(b, fused, fused, {x});
    ADD_FAILURE() << "differentiated a fused convolution";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
  }
  const auto y = b.make("conv", {open, w}, plain("valid", 1));
  EXPECT_THROW(graph::pull_back(b, y, y, {open}), Error);
}

TEST(Conv, OpenExtents) {
  EXPECT_EQ(infer_op("conv", {{kOpen, kOpen, 8, 3}, {3, 3, 3, 4}}, plain("valid")), (Shape{kOpen, kOpen, 6, 4}));
  Attrs attrs = plain("same");
  attrs.set("input_spatial", Ints{5, 8});
  EXPECT_EQ(infer_op("conv_backward_data", {{kOpen, kOpen, 8, 4}, {3, 3, 3, 4}}, attrs), (Shape{kOpen, 5, 8, 3}));
}

TEST(Conv, Refusals) {
  const Attrs valid = plain("valid");
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 4, 4}}, valid).find("(1, 8, 8, 3)"), std::string::npos);
  EXPECT_NE(refusal("conv", {{1, 8, 3}, {3, 3, 3, 4}}, valid).find("rank"), std::string::npos);
  EXPECT_NE(refusal("conv", {{1, 8}, {3, 4}}, valid).find("rank"), std::string::npos);
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 3, 4}, {3}}, valid).find("bias"), std::string::npos);
  EXPECT_NE(refusal("conv", {{1, 2, 8, 3}, {3, 3, 3, 4}}, valid).find("does not fit"), std::string::npos);
  Attrs attrs = valid;
  attrs.set("groups", std::int64_t{3});
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 1, 4}}, attrs).find("groups"), std::string::npos);
  attrs.set("groups", std::int64_t{0});
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 1, 4}}, attrs).find("groups"), std::string::npos);
  attrs = valid;
  attrs.set("activation", std::string("gelu"));
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 3, 4}}, attrs).find("gelu"), std::string::npos);
  attrs = valid;
  attrs.set("input_spatial", Ints{8, 8});
  EXPECT_NE(refusal("conv_backward_data", {{1, 8, 8, 4}, {3, 3, 3, 4}}, attrs).find("(None, 6, 6, 4)"),
            std::string::npos);
  attrs.set("input_spatial", Ints{8, kOpen});
  EXPECT_NE(refusal("conv_backward_data", {{1, 6, 6, 4}, {3, 3, 3, 4}}, attrs).find("input_spatial"),
            std::string::npos);
}

TEST(Conv, RefusesAbsurdResults) {
  Attrs attrs{{"strides", Ints{1, 1}}, {"padding", std::string("explicit")}, {"dilations", Ints{1, 1}}};
  attrs.set("pads", Ints{1 << 28, 0, 1 << 28, 0});
  EXPECT_NE(refusal("conv", {{1, 8, 8, 3}, {3, 3, 3, 4}}, attrs).find("absurd"), std::string::npos);
}

TEST(Conv, Signs) {
  const std::vector<Shape> shapes = {{1, 4, 1}, {2, 1, 1}}, biased = {{1, 4, 1}, {2, 1, 1}, {1}};
  const Sign negative{true, false, false}, pos = Sign::only_positive(), zero = Sign::only_zero();
  const Attrs attrs = plain("valid", 1);
  Attrs rectified = attrs;
  rectified.set("activation", std::string("relu"));
  EXPECT_EQ(sign_of("conv", shapes, {Sign::non_negative(), pos}, attrs), Sign::non_negative());
  EXPECT_EQ(sign_of("conv", shapes, {pos, negative}, attrs), (Sign{true, true, false}));
  EXPECT_EQ(sign_of("conv", shapes, {Sign::any(), pos}, attrs), Sign::any());
  EXPECT_EQ(sign_of("conv", shapes, {zero, Sign::any()}, attrs), zero);
  EXPECT_EQ(sign_of("conv", biased, {pos, pos, pos}, attrs), pos);
  EXPECT_EQ(sign_of("conv", biased, {pos, pos, negative}, attrs), Sign::any());
  EXPECT_EQ(sign_of("conv", biased, {zero, pos, negative}, attrs), negative);
  EXPECT_EQ(sign_of("conv", biased, {zero, pos, negative}, rectified), zero);
  EXPECT_EQ(sign_of("conv", shapes, {Sign::any(), pos}, rectified), Sign::non_negative());
}

}  // namespace
}  // namespace signxai::test
