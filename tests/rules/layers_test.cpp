// LRP through layers without a kernel, against the formulas written out: batch normalisation, sums, pooling, layers
// that are passed through or differentiated, and networks that end in such a layer. Batches of different samples
// throughout.
#include <gtest/gtest.h>

#include <cmath>

#include "support/rule_twin.h"

namespace signxai::test {
namespace {

const Parameters kZ = {{"rule", std::string("Z")}};

class LayersTest : public testing::Test {
 protected:
  /// Relevance of the head's input under the Z rule.
  static Vector below_head(const KernelWeights& head, const Vector& x, std::size_t neuron) {
    return twin_relevance("Z", {}, dense_matrix(head), x, nullptr, {neuron});
  }
  static Array z_map(const graph::Network& network, const Array& x, const Neurons& neurons) {
    return run_method(network, "lrp", kZ, x, neurons).front();
  }

  std::mt19937 random_{23};
};

Vector values(const graph::Literal& literal) { return {literal.data(), literal.data() + literal.size()}; }

TEST_F(LayersTest, BatchNormalizationPerSample) {
  std::vector<graph::Literal> weights;
  for (int i = 0; i < 4; ++i) weights.push_back(random_literal({4}, random_));
  std::vector<float> variance = {0.5f, 1.25f, 2.0f, 0.75f};
  weights[3] = graph::Literal({4}, variance);
  const KernelWeights head = random_weights({4, 3}, true, random_);
  SmallNetwork net({2, 4});
  net.dense(net.batch_norm(0, weights), head);
  const Array x = random_input({2, 4}, random_);
  const Array map = z_map(net.finish(), x, Neurons{{2, 0}});
  const Vector gamma = values(weights[0]), beta = values(weights[1]), mean = values(weights[2]);
  for (std::size_t n = 0; n < 2; ++n) {
    const Vector input = sample_of(x, n);
    Vector y, expected;
    for (std::size_t i = 0; i < 4; ++i) {
      y.push_back((input[i] - mean[i]) * gamma[i] / std::sqrt(variance[i] + static_cast<double>(1e-3f)) + beta[i]);
    }
    const Vector arrived = below_head(head, y, n == 0 ? 2 : 0);
    for (std::size_t i = 0; i < 4; ++i) {
      const double denominator = (input[i] - mean[i]) * y[i], fuzz = static_cast<double>(1e-7f);
      expected.push_back(input[i] * (y[i] - beta[i]) * arrived[i] / (denominator + (denominator >= 0 ? fuzz : -fuzz)));
    }
    expect_sample(map, n, expected);
  }
}

TEST_F(LayersTest, SumSharesByContribution) {
  const KernelWeights a = random_weights({4, 5}, true, random_), b = random_weights({4, 5}, true, random_);
  const KernelWeights head = random_weights({5, 3}, true, random_);
  SmallNetwork net({2, 4});
  const int left = net.dense(0, a), right = net.dense(0, b);
  net.dense(net.add({left, right}), head);
  const Array x = random_input({2, 4}, random_);
  const Array map = z_map(net.finish(), x, Neurons{{1, 2}});
  for (std::size_t n = 0; n < 2; ++n) {
    const Vector input = sample_of(x, n), from_a = dense_matrix(a)(input), from_b = dense_matrix(b)(input);
    Vector sum = from_a, to_a, to_b;
    for (std::size_t i = 0; i < 5; ++i) sum[i] += from_b[i];
    const Vector arrived = below_head(head, sum, n == 0 ? 1 : 2);
    for (std::size_t i = 0; i < 5; ++i) {
      to_a.push_back(from_a[i] * safe_ratio(arrived[i], sum[i]));
      to_b.push_back(from_b[i] * safe_ratio(arrived[i], sum[i]));
    }
    Vector expected = twin_relevance("Z", {}, dense_matrix(a), input, &to_a, {});
    const Vector other = twin_relevance("Z", {}, dense_matrix(b), input, &to_b, {});
    for (std::size_t i = 0; i < 4; ++i) expected[i] += other[i];
    expect_sample(map, n, expected);
  }
}

TEST_F(LayersTest, SameLayerTwiceInASum) {
  const KernelWeights head = random_weights({4, 3}, true, random_);
  SmallNetwork net({2, 4});
  net.dense(net.add({0, 0}), head);
  const Array x = random_input({2, 4}, random_);
  const Array map = z_map(net.finish(), x, Neurons{{0, 1}});
  for (std::size_t n = 0; n < 2; ++n) {
    Vector doubled = sample_of(x, n);
    for (double& value : doubled) value *= 2;
    expect_sample(map, n, below_head(head, doubled, n));  // the two halves join again
  }
}

/// Average pooling 3 x 3 with stride 2, padding same, on 4 x 4 x 1: windows begin at 0 and end inside the picture.
Affine average_matrix() {
  Affine pool{Matrix(16, 4), Matrix(16, 4), {}};
  for (std::size_t o = 0; o < 4; ++o) {
    std::vector<std::size_t> cells;
    for (std::size_t r = o / 2 * 2; r < std::min<std::size_t>(o / 2 * 2 + 3, 4); ++r) {
      for (std::size_t c = o % 2 * 2; c < std::min<std::size_t>(o % 2 * 2 + 3, 4); ++c) cells.push_back(r * 4 + c);
    }
    for (std::size_t cell : cells) pool.weights.at(cell, o) = 1.0 / static_cast<double>(cells.size());
  }
  return pool;
}

TEST_F(LayersTest, AveragePoolingIsALinearMapUnderTheZRule) {
  const KernelWeights head = random_weights({4, 3}, true, random_);
  SmallNetwork net({2, 4, 4, 1});
  net.dense(net.flatten(net.average_pool(0, {3, 2, "same"})), head);
  const Array x = random_input({2, 4, 4, 1}, random_);
  const Array map = z_map(net.finish(), x, Neurons{{2, 1}});
  for (std::size_t n = 0; n < 2; ++n) {
    const Vector input = sample_of(x, n), pooled = average_matrix()(input);
    const Vector arrived = below_head(head, pooled, n == 0 ? 2 : 1);
    expect_sample(map, n, twin_relevance("Z", {}, average_matrix(), input, &arrived, {}));
  }
}

TEST_F(LayersTest, MaxPoolingGivesAllToTheFirstMaximum) {
  const KernelWeights head = random_weights({1, 2}, true, random_);
  SmallNetwork net({2, 2, 2, 1});
  net.dense(net.flatten(net.max_pool(0, {2, 2, "valid"})), head);
  Array x({2, 2, 2, 1});
  x.data = {1, 3, 3, 2, -1, -4, -2, -1};
  const Array map = z_map(net.finish(), x, Neurons{{1, 1}});
  const double first = below_head(head, {3}, 1)[0], second = below_head(head, {-1}, 1)[0];
  expect_sample(map, 0, {0, first, 0, 0});
  expect_sample(map, 1, {second, 0, 0, 0});
}

TEST_F(LayersTest, ActivationsArePassedThroughEvenWhereTheyAreFlat) {
  const KernelWeights first = random_weights({4, 5}, true, random_), head = random_weights({5, 3}, true, random_);
  SmallNetwork fused({2, 4}), apart({2, 4});
  fused.dense(fused.dense(0, first, "tanh"), head);
  apart.dense(apart.activation(apart.dense(0, first), "tanh"), head);
  const Array x = random_input({2, 4}, random_);
  const Neurons neurons = {{0, 2}};
  const Array a = z_map(fused.finish(), x, neurons), b = z_map(apart.finish(), x, neurons);
  EXPECT_EQ(a.data, b.data);
}

TEST_F(LayersTest, ConcatenationSplitsInTheOrderOfItsInputs) {
  const KernelWeights a = random_weights({3, 2}, true, random_), b = random_weights({3, 4}, true, random_);
  const KernelWeights head = random_weights({6, 3}, true, random_);
  SmallNetwork net({1, 3});
  const int left = net.dense(0, a), right = net.dense(0, b);
  net.dense(net.concatenate({right, left}), head);
  const Array x = random_input({1, 3}, random_);
  const Vector input = sample_of(x, 0), from_a = dense_matrix(a)(input);
  Vector joined = dense_matrix(b)(input);
  joined.insert(joined.end(), from_a.begin(), from_a.end());
  const Vector arrived = below_head(head, joined, 1);
  const Vector to_b(arrived.begin(), arrived.begin() + 4), to_a(arrived.begin() + 4, arrived.end());
  Vector expected = twin_relevance("Z", {}, dense_matrix(a), input, &to_a, {});
  const Vector other = twin_relevance("Z", {}, dense_matrix(b), input, &to_b, {});
  for (std::size_t i = 0; i < 3; ++i) expected[i] += other[i];
  expect_sample(z_map(net.finish(), x, Neurons{{1}}), 0, expected);
}

TEST_F(LayersTest, NetworkThatEndsInAnActivationBeginsAtTheSelectedNeuronAlone) {
  const KernelWeights head = random_weights({4, 3}, true, random_);
  SmallNetwork net({2, 4});
  net.activation(net.dense(0, head), "tanh");
  const Array x = random_input({2, 4}, random_);
  const Array map = z_map(net.finish(), x, Neurons{{2, 1}});
  for (std::size_t n = 0; n < 2; ++n) {
    const std::size_t neuron = n == 0 ? 2 : 1;
    const Vector input = sample_of(x, n), z = dense_matrix(head)(input);
    Vector arrived(3, 0.0);
    arrived[neuron] = std::tanh(z[neuron]);
    expect_sample(map, n, twin_relevance("Z", {}, dense_matrix(head), input, &arrived, {}));
  }
}

}  // namespace
}  // namespace signxai::test
