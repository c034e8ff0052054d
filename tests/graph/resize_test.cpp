// resize and resize_backward: half-pixel centres, as Keras' UpSampling2D.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/op.h"
#include "support/op_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::Sign;

Attrs to(std::int64_t height, std::int64_t width, std::string mode) {
  return {{"size", Ints{height, width}}, {"mode", std::move(mode)}};
}

TEST(Resize, NearestRepeats) {
  const Array x = array({1, 1, 2, 2}, {1, 10, 2, 20});
  expect_equal(run_op("resize", {x}, to(2, 4, "nearest")),
               array({1, 2, 4, 2}, {1, 10, 1, 10, 2, 20, 2, 20, 1, 10, 1, 10, 2, 20, 2, 20}));
  expect_equal(run_op("resize", {counting({1, 1, 4, 1})}, to(1, 2, "nearest")), array({1, 1, 2, 1}, {1, 3}));
}

TEST(Resize, NearestRoundsAsTensorFlow) {
  const auto differing = [](std::int64_t in, std::int64_t out) {
    const Array x = counting({1, in, 1, 1});
    const Array exact = run_op("resize", {x}, to(out, 1, "nearest"));
    const Array rounded = run_op("resize", {x}, to(out, 1, "nearest_float32"));
    std::vector<double> rows;
    for (std::size_t i = 0; i < exact.data.size(); ++i) {
      if (exact.data[i] != rounded.data[i]) rows.push_back(rounded.data[i] - exact.data[i]);
    }
    return rows;
  };
  EXPECT_EQ(differing(78, 33), std::vector<double>{-1});
  EXPECT_TRUE(differing(12, 8).empty());
}

TEST(Resize, BilinearByHand) {
  // Centres at -1/4, 1/4, 3/4, 5/4 of the input, clamped at the edges.
  expect_equal(run_op("resize", {array({1, 1, 2, 1}, {0, 4})}, to(1, 4, "bilinear")),
               array({1, 1, 4, 1}, {0, 1, 3, 4}));
  expect_equal(run_op("resize", {array({1, 2, 1, 1}, {0, 6})}, to(6, 1, "bilinear")),
               array({1, 6, 1, 1}, {0, 0, 2, 4, 6, 6}) /* -1/3, 0, 1/3, 2/3, 1, 4/3 */);
  expect_equal(run_op("resize", {counting({1, 3, 2, 1})}, to(3, 2, "bilinear")), counting({1, 3, 2, 1}));
}

TEST(Resize, BilinearIsSeparable) {
  std::mt19937 random(1);
  const Array x = random_array({2, 3, 4, 2}, random);
  const Array both = run_op("resize", {x}, to(7, 6, "bilinear"));
  const Array rows = run_op("resize", {x}, to(7, 4, "bilinear"));
  expect_equal(run_op("resize", {rows}, to(7, 6, "bilinear")), both);
}

/// Element of the result by interpolating at a clamped position, written the other way round: a tent around each pixel.
double tent(const Array& x, double y_at, double x_at, std::size_t channel) {
  const auto height = static_cast<std::size_t>(x.shape[1]), width = static_cast<std::size_t>(x.shape[2]);
  y_at = std::clamp(y_at, 0.0, static_cast<double>(height - 1));
  x_at = std::clamp(x_at, 0.0, static_cast<double>(width - 1));
  double sum = 0;
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const double weight =
          std::max(0.0, 1 - std::fabs(y_at - double(i))) * std::max(0.0, 1 - std::fabs(x_at - double(j)));
      sum += weight * x.data[(i * width + j) * static_cast<std::size_t>(x.shape[3]) + channel];
    }
  }
  return sum;
}

TEST(Resize, BilinearAgreesWithItsDefinition) {
  std::mt19937 random(2);
  const Array x = random_array({1, 3, 5, 2}, random);
  for (std::int64_t h : {1, 2, 6, 7}) {
    for (std::int64_t w : {1, 4, 10, 13}) {
      const Array y = run_op("resize", {x}, to(h, w, "bilinear"));
      for (std::size_t i = 0; i < y.data.size(); ++i) {
        const std::size_t column = i / 2 % static_cast<std::size_t>(w), row = i / 2 / static_cast<std::size_t>(w);
        const double y_at = (double(row) + 0.5) * 3.0 / double(h) - 0.5,
                     x_at = (double(column) + 0.5) * 5.0 / double(w) - 0.5;
        ASSERT_NEAR(y.data[i], tent(x, y_at, x_at, i % 2), 1e-12);
      }
    }
  }
}

TEST(Resize, BackwardIsTheTranspose) {
  std::mt19937 random(3);
  for (const char* mode : {"nearest", "nearest_float32", "bilinear"}) {
    for (std::int64_t h : {1, 2, 6, 7}) {
      const Array x = random_array({2, 3, 5, 2}, random), y = run_op("resize", {x}, to(h, 10, mode));
      const Array dy = random_array(y.shape, random), dx = run_op("resize_backward", {dy}, to(3, 5, mode));
      EXPECT_NEAR(dot(y, dy), dot(x, dx), 1e-10);
    }
  }
}

TEST(Resize, Gradients) {
  std::mt19937 random(4);
  for (const char* mode : {"nearest", "nearest_float32", "bilinear"}) {
    const Array x = random_array({1, 3, 2, 2}, random);
    expect_gradients("resize", {x}, to(6, 5, mode), {0}, random);
    expect_gradients("resize", {x}, to(2, 1, mode), {0}, random);
    expect_gradients("resize_backward", {x}, to(2, 4, mode), {0}, random);
  }
}

TEST(Resize, Shapes) {
  EXPECT_EQ(infer_op("resize", {{kOpen, kOpen, 4, 3}}, to(8, 8, "nearest")), (Shape{kOpen, 8, 8, 3}));
  EXPECT_NE(refusal("resize", {{1, 4, 3}}, to(8, 8, "nearest")).find("(1, 4, 3)"), std::string::npos);
  EXPECT_NE(refusal("resize", {{1, 4, 4, 3}}, to(8, 0, "nearest")).find("size"), std::string::npos);
  EXPECT_NE(refusal("resize", {{1, 4, 4, 3}}, to(8, 8, "cubic")).find("'cubic'"), std::string::npos);
  EXPECT_NE(refusal("resize", {{1, 0, 4, 3}}, to(8, 8, "nearest")).find("range"), std::string::npos);
  EXPECT_NE(refusal("resize", {{1, 4, 4, 3}}, to(1 << 21, 1 << 21, "nearest")).find("absurd"), std::string::npos);
  EXPECT_EQ(sign_of("resize", {{1, 4, 4, 3}}, {Sign::only_positive()}, to(8, 8, "nearest")), Sign::non_negative());
}

}  // namespace
}  // namespace signxai::test
