// The gradient family: true gradients against central differences, guided back-propagation and deconvnet against their
// formulas on matrices, products with the input and its sign, and the points and sums of integrated gradients.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends/reference/evaluate.h"
#include "methods/method.h"
#include "support/op_case.h"
#include "support/rule_twin.h"

namespace signxai::test {
namespace {

class GradientTest : public testing::Test {
 protected:
  /// A network with everything that has a derivative of its own: branches, pools, normalisation, smooth activations.
  graph::Network branching() {
    const auto kernel = [&](std::int64_t in) { return random_weights({3, 3, in, 3}, true, random_); };
    std::vector<graph::Literal> normal;
    for (int i = 0; i < 4; ++i) normal.push_back(random_literal({3}, random_));
    normal[3] = graph::Literal({3}, std::vector<float>{0.5f, 1.5f, 1.0f});
    SmallNetwork net({2, 6, 6, 2});
    const int stem = net.conv(0, kernel(2), {3, 1, "same"}, "tanh");
    const int left = net.conv(stem, kernel(3), {3, 1, "same"}, "relu");
    const int right = net.batch_norm(net.conv(stem, kernel(3), {3, 1, "same"}), normal);
    const int joined = net.max_pool(net.add({left, right}), {2, 2, "valid"});
    const int mean = net.average_pool(net.concatenate({joined, joined}), {2, 2, "same"});
    net.dense(net.dense(net.flatten(mean), random_weights({24, 5}, true, random_), "sigmoid"),
              random_weights({5, 3}, true, random_));
    return net.finish();
  }

  static Array logits(const graph::Network& network, const Array& x) {
    return reference::evaluate(network.graph, std::span<const Array>(&x, 1)).front();
  }

  std::mt19937 random_{31};
};

TEST_F(GradientTest, AgreesWithCentralDifferences) {
  const graph::Network network = branching();
  const Array x = random_input({2, 6, 6, 2}, random_);
  const Neurons neurons = {{2, 0}};
  const Array map = run_method(network, "gradient", {}, x, neurons).front();
  constexpr double kStep = 1e-6;
  const std::size_t size = x.data.size() / 2;
  for (std::size_t i = 0; i < x.data.size(); i += 3) {
    Array up = x, down = x;
    up.data[i] += kStep, down.data[i] -= kStep;
    const std::size_t n = i / size, at = 3 * n + static_cast<std::size_t>((*neurons)[n]);
    const double slope = (logits(network, up).data[at] - logits(network, down).data[at]) / (2 * kStep);
    EXPECT_NEAR(map.data[i], slope, 1e-6) << "element " << i;
  }
}

TEST_F(GradientTest, MaximumExplainsTheLargestOutputOfEachSample) {
  const graph::Network network = branching();
  const Array x = random_input({2, 6, 6, 2}, random_), y = logits(network, x);
  std::vector<std::int64_t> largest;
  for (std::size_t n = 0; n < 2; ++n) {
    const auto begin = y.data.begin() + static_cast<std::ptrdiff_t>(3 * n);
    largest.push_back(std::max_element(begin, begin + 3) - begin);
  }
  for (const char* method : {"gradient", "guided_backprop", "deconvnet", "lrp_epsilon_0_1"}) {
    const Array by_max = run_method(network, method, {}, x, {}).front();
    expect_equal(by_max, run_method(network, method, {}, x, largest).front());
  }
}

TEST_F(GradientTest, ProductsWithTheInputAndItsSign) {
  const graph::Network network = branching();
  Array x = random_input({2, 6, 6, 2}, random_);
  x.data[0] = 0.0, x.data[1] = 0.25;
  const Neurons neurons = {{1, 1}};
  const Array gradient = run_method(network, "gradient", {}, x, neurons).front();
  const auto expect_factor = [&](const char* method, const Parameters& parameters, auto factor) {
    SCOPED_TRACE(method);
    Array expected = gradient;
    for (std::size_t i = 0; i < x.data.size(); ++i) expected.data[i] *= factor(x.data[i]);
    expect_equal(run_method(network, method, parameters, x, neurons).front(), expected);
  };
  expect_factor("gradient_x_input", {}, [](double v) { return v; });
  expect_factor("input_t_gradient", {}, [](double v) { return v; });
  expect_factor("gradient_x_sign", {}, [](double v) { return v < 0 ? -1.0 : 1.0; });
  expect_factor("gradient_x_sign_mu", {{"mu", 0.25}}, [](double v) { return v < 0.25 ? -1.0 : 1.0; });
  expect_factor("gradient_x_sign_mu_neg_0_5", {}, [](double v) { return v < -0.5 ? -1.0 : 1.0; });
  expect_factor("gradient_x_sign_mu", {{"mu", 0.0}, {"vlow", -3.0}, {"vhigh", 2.0}},
                [](double v) { return v < 0 ? -3.0 : 2.0; });
  // With a threshold at the lower value or below, the second step lifts what the first one lowered.
  expect_factor("gradient_x_sign_mu", {{"mu", -1.0}}, [](double) { return 1.0; });
}

TEST_F(GradientTest, Postprocess) {
  const graph::Network network = branching();
  const Array x = random_input({2, 6, 6, 2}, random_);
  Array expected = run_method(network, "gradient", {}, x, {}).front();
  for (double& v : expected.data) v = std::fabs(v);
  expect_equal(run_method(network, "gradient", {{"postprocess", std::string("abs")}}, x, {}).front(), expected);
  for (double& v : expected.data) v = v * v;
  expect_equal(run_method(network, "gradient", {{"postprocess", std::string("square")}}, x, {}).front(), expected);
  EXPECT_ANY_THROW(run_method(network, "gradient", {{"postprocess", std::string("cube")}}, x, {}));
}

/// Two ReLU layers below a linear head: R2 = w f, then max(R, 0), masked by z > 0 for guided back-propagation alone.
TEST_F(GradientTest, GuidedBackpropAndDeconvnetOnMatrices) {
  const KernelWeights a = random_weights({5, 6}, true, random_), b = random_weights({6, 4}, true, random_);
  const KernelWeights head = random_weights({4, 3}, true, random_);
  SmallNetwork net({2, 5});
  net.dense(net.dense(net.dense(0, a, "relu"), b, "relu"), head);
  const graph::Network network = net.finish();
  const Array x = random_input({2, 5}, random_);
  const std::vector<std::int64_t> neurons = {1, 2};
  for (const bool guided : {true, false}) {
    const Array map = run_method(network, guided ? "guided_backprop" : "deconvnet", {}, x, neurons).front();
    const auto back = [&](const Affine& layer, const Vector& z, Vector signal) {
      Vector result(layer.weights.inputs, 0.0);
      for (std::size_t o = 0; o < signal.size(); ++o) {
        if (signal[o] <= 0 || (guided && z[o] <= 0)) continue;
        for (std::size_t i = 0; i < result.size(); ++i) result[i] += layer.weights.at(i, o) * signal[o];
      }
      return result;
    };
    for (std::size_t n = 0; n < 2; ++n) {
      const Vector z1 = dense_matrix(a)(sample_of(x, n)), z2 = dense_matrix(b)(relu(z1));
      const Affine last = dense_matrix(head);
      const auto k = static_cast<std::size_t>(neurons[n]);
      const double f = last(relu(z2))[k];
      Vector signal;
      for (std::size_t i = 0; i < 4; ++i) signal.push_back(last.weights.at(i, k) * f);
      expect_sample(map, n, back(dense_matrix(a), z1, back(dense_matrix(b), z2, signal)));
    }
  }
}

/// Where a ReLU feeds two layers, each signal is rectified before they are summed.
TEST_F(GradientTest, GuidedBackpropRectifiesEachBranch) {
  const KernelWeights stem = random_weights({4, 5}, true, random_);
  const KernelWeights a = random_weights({5, 3}, true, random_), b = random_weights({5, 3}, true, random_);
  SmallNetwork net({1, 4});
  const int below = net.dense(0, stem, "relu");
  const int left = net.dense(below, a), right = net.dense(below, b);
  net.add({left, right});
  const Array x = random_input({1, 4}, random_);
  const Array map = run_method(net.finish(), "guided_backprop", {}, x, Neurons{{2}}).front();
  const Affine first = dense_matrix(stem), to_a = dense_matrix(a), to_b = dense_matrix(b);
  const Vector z = first(sample_of(x, 0)), h = relu(z);
  const double f = to_a(h)[2] + to_b(h)[2];
  Vector expected(4, 0.0);
  for (std::size_t o = 0; o < 5; ++o) {
    const double signal = std::max(to_a.weights.at(o, 2) * f, 0.0) + std::max(to_b.weights.at(o, 2) * f, 0.0);
    for (std::size_t i = 0; i < 4 && z[o] > 0; ++i) expected[i] += first.weights.at(i, o) * signal;
  }
  expect_sample(map, 0, expected);
}

TEST(IntegratedGradients, PathHasBothEnds) {
  const methods::Resolved method =
      methods::resolve("integrated_gradients", {{"steps", 5.0}, {"reference_inputs", 1.0}});
  const methods::Sampling sampling = method.def->sampling(method.parameters);
  ASSERT_EQ(sampling.count, 5);
  const std::vector<float> x = {3.0f, -1.0f};
  std::vector<float> point(2);
  for (int i = 0; i < 5; ++i) {
    sampling.point(i, x, point);
    EXPECT_FLOAT_EQ(point[0], 1.0f + 0.5f * static_cast<float>(i));
    EXPECT_FLOAT_EQ(point[1], 1.0f - 0.5f * static_cast<float>(i));
  }
  std::vector<double> mean = {10.0, 10.0};
  sampling.finish(x, mean);
  EXPECT_EQ(mean, (std::vector<double>{20.0, -20.0}));
}

TEST(IntegratedGradients, LastPointIsTheInputForAnyNumberOfSteps) {
  const std::vector<float> x = {0.1f, -123.68f, 7e-20f};
  std::vector<float> point(3);
  for (const double steps : {2.0, 3.0, 50.0, 99.0, 1000.0}) {
    const methods::Resolved method = methods::resolve("integrated_gradients", {{"steps", steps}});
    const methods::Sampling sampling = method.def->sampling(method.parameters);
    sampling.point(sampling.count - 1, x, point);
    EXPECT_EQ(point, x) << steps << " steps";
    sampling.point(0, x, point);
    EXPECT_EQ(point, std::vector<float>(3, 0.0f));
  }
}

TEST(IntegratedGradients, RefusesBadSteps) {
  for (const double steps : {1.0, 0.0, -3.0, 2.5, 1e9}) {
    const methods::Resolved method = methods::resolve("integrated_gradients", {{"steps", steps}});
    EXPECT_ANY_THROW(method.def->sampling(method.parameters)) << steps;
  }
}

}  // namespace
}  // namespace signxai::test
