// Grad-CAM in pieces: the weighted activations against sums written out, and what is done with them outside the graph.
#include <gtest/gtest.h>

#include <cmath>

#include "backends/reference/evaluate.h"
#include "methods/method.h"
#include "signxai/error.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

/// conv relu (layer_1), flatten, dense: the gradient at the convolution is the dense kernel's column.
struct Pictures {
  explicit Pictures(std::int64_t size = 4) : cells((size - 1) * (size - 1)) {
    const KernelWeights conv = random_weights({2, 2, 1, 3}, true, random);
    head = random_weights({cells * 3, 2}, true, random);
    matrix = conv_matrix(conv, size, size, {});
    SmallNetwork net({2, size, size, 1});
    net.dense(net.flatten(net.conv(0, conv, {}, "relu")), head);
    network = net.finish();
    x = random_input({2, size, size, 1}, random);
  }

  /// Activation k at a cell of sample n, and the gradient of output c there.
  double activation(std::size_t n, std::int64_t cell, std::size_t k) const {
    return relu(matrix(sample_of(x, n)))[static_cast<std::size_t>(cell) * 3 + k];
  }
  double gradient(std::int64_t cell, std::size_t k, std::size_t c) const {
    return dense_matrix(head).weights.at(static_cast<std::size_t>(cell) * 3 + k, c);
  }

  std::mt19937 random{41};
  std::int64_t cells;
  KernelWeights head;
  Affine matrix;
  graph::Network network;
  Array x;
};

const Parameters kLayer = {{"last_conv_layer_name", std::string("layer_1")}};

Tensor finished(const std::string& method, Parameters parameters, const Tensor& raw, const Shape& sample) {
  parameters.insert(kLayer.begin(), kLayer.end());
  const methods::Resolved resolved = methods::resolve(method, parameters);
  return resolved.def->finish(resolved.parameters, {})(std::span<const Tensor>(&raw, 1), sample);
}

TEST(GradCam, WeightsActivationsByTheirMeanGradient) {
  const Pictures p;
  const std::vector<std::int64_t> classes = {1, 0};
  const Array raw = run_method(p.network, "grad_cam", kLayer, p.x, classes).front();
  ASSERT_EQ(raw.shape, (Shape{2, 3, 3}));
  for (std::size_t n = 0; n < 2; ++n) {
    Vector expected(static_cast<std::size_t>(p.cells), 0.0);
    for (std::size_t k = 0; k < 3; ++k) {
      double alpha = 0;
      for (std::int64_t cell = 0; cell < p.cells; ++cell) {
        alpha += p.gradient(cell, k, static_cast<std::size_t>(classes[n])) / static_cast<double>(p.cells);
      }
      for (std::int64_t cell = 0; cell < p.cells; ++cell) {
        expected[static_cast<std::size_t>(cell)] += alpha * p.activation(n, cell, k);
      }
    }
    expect_sample(raw, n, expected);
  }
}

TEST(GradCam, GuidedFormDifferentiatesTheSumOfTheLayer) {
  const Pictures p;
  const auto raw = run_method(p.network, "guided_grad_cam", kLayer, p.x, Neurons{{0, 1}});
  ASSERT_EQ(raw.size(), 2u);
  for (std::size_t n = 0; n < 2; ++n) {
    const Vector z = p.matrix(sample_of(p.x, n));
    Vector expected(16, 0.0);
    for (std::size_t o = 0; o < z.size(); ++o) {
      for (std::size_t i = 0; i < 16 && z[o] > 0; ++i) expected[i] += p.matrix.weights.at(i, o);
    }
    expect_sample(raw[1], n, expected);
  }
}

TEST(GradCam, FirstMaximumIsTheClassOfTies) {
  const Pictures p;
  const Array y = reference::evaluate(p.network.graph, std::span<const Array>(&p.x, 1)).front();
  std::vector<std::int64_t> largest;
  for (std::size_t n = 0; n < 2; ++n) largest.push_back(y.data[2 * n + 1] > y.data[2 * n] ? 1 : 0);
  const Array by_max = run_method(p.network, "grad_cam", kLayer, p.x, {}).front();
  const Array by_index = run_method(p.network, "grad_cam", kLayer, p.x, largest).front();
  EXPECT_EQ(by_max.data, by_index.data);
}

TEST(GradCam, ResizesInEightBits) {
  const Tensor raw({2, 2}, {-1.0f, 0.0f, 1.0f, 2.0f});
  const Tensor map = finished("grad_cam", {}, raw, {2, 2, 3});
  EXPECT_EQ(map.shape, (Shape{2, 2, 3}));
  // Rectified and divided by the maximum: 0, 0, 0.5, 1; times 255, truncated; no resize; one plane for all channels.
  EXPECT_EQ(map.data, (std::vector<float>{0, 0, 0, 0, 0, 0, 127, 127, 127, 255, 255, 255}));
}

TEST(GradCam, SwapsWidthAndHeightOfTheInput) {
  const Tensor raw({2, 2}, {1.0f, 0.0f, 0.5f, 1.0f});
  EXPECT_EQ(finished("grad_cam", {}, raw, {4, 6, 1}).shape, (Shape{6, 4, 1}));
}

TEST(GradCam, WithoutResizeGivesTheLayersOwnSize) {
  const Tensor raw({1, 3}, {-1.0f, 2.0f, 4.0f});
  const Tensor map = finished("grad_cam", {{"resize", 0.0}}, raw, {8, 8, 1});
  EXPECT_EQ(map.shape, raw.shape);
  EXPECT_EQ(map.data, (std::vector<float>{0.0f, 0.5f, 1.0f}));
}

TEST(GradCam, MapWithoutAPositiveEntryIsZero) {
  const Tensor raw({2, 2}, {-1.0f, -2.0f, 0.0f, -1.0f});
  EXPECT_EQ(finished("grad_cam", {}, raw, {2, 2, 1}).data, std::vector<float>(4, 0.0f));
}

TEST(GradCamTimeseries, InterpolatesAndRepeatsOverChannels) {
  const Tensor raw({3}, {-2.0f, 4.0f, 2.0f});
  const Tensor map = finished("grad_cam_timeseries", {}, raw, {5, 2});
  EXPECT_EQ(map.shape, (Shape{5, 2}));
  EXPECT_EQ(map.data, (std::vector<float>{0, 0, 0.5f, 0.5f, 1, 1, 0.75f, 0.75f, 0.5f, 0.5f}));
  EXPECT_EQ(finished("grad_cam_timeseries", {{"resize", 0.0}}, raw, {5, 2}).data, (std::vector<float>{0, 1, 0.5f}));
}

TEST(GradCamTimeseries, NegativeMapIsZero) {
  for (float v : finished("grad_cam_timeseries", {}, Tensor({2}, {-3.0f, -1.0f}), {4, 1}).data) EXPECT_EQ(v, 0.0f);
}

TEST(GradCamTimeseries, WeightsSeriesByTheirMeanGradientOverTime) {
  std::mt19937 random(43);
  const KernelWeights conv = random_weights({2, 1, 3}, true, random), head = random_weights({12, 2}, true, random);
  SmallNetwork net({1, 5, 1});
  net.dense(net.flatten(net.conv(0, conv, {}, "relu")), head);
  const graph::Network network = net.finish();
  const Array x = random_input({1, 5, 1}, random);
  const Array raw = run_method(network, "grad_cam_timeseries", kLayer, x, Neurons{{1}}).front();
  Vector a;
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t k = 0; k < 3; ++k) {
      a.push_back(x.data[t] * conv.kernel.data()[k] + x.data[t + 1] * conv.kernel.data()[3 + k] + conv.bias.data()[k]);
    }
  }
  a = relu(a);
  Vector expected(4, 0.0);
  for (std::size_t k = 0; k < 3; ++k) {
    double alpha = 0;
    for (std::size_t t = 0; t < 4; ++t) alpha += dense_matrix(head).weights.at(t * 3 + k, 1) / 4;
    for (std::size_t t = 0; t < 4; ++t) expected[t] += alpha * a[t * 3 + k];
  }
  expect_sample(raw, 0, expected);
}

TEST(GradCam, RefusesWhatItCannotExplain) {
  const Pictures p;
  const auto code_of = [&](const std::string& method, const std::string& layer) {
    try {
      run_method(p.network, method, {{"last_conv_layer_name", layer}}, p.x, {});
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of("grad_cam", "no_such_layer"), ErrorCode::kNotFound);
  EXPECT_EQ(code_of("grad_cam", "layer_2"), ErrorCode::kInvalidArgument);  // flat
  EXPECT_EQ(code_of("guided_grad_cam", "layer_3"), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace signxai::test
