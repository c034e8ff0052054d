// Slow twins of the relevance rules: layers as explicit matrices, one sample at a time, in double precision, written
// from the formulas alone. They share no code with src/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "signxai/method.h"
#include "support/small_network.h"

namespace signxai::test {

using Vector = std::vector<double>;

/// weights[i][o] from input i to output o.
struct Matrix {
  std::size_t inputs = 0, outputs = 0;
  Vector data;

  Matrix() = default;
  Matrix(std::size_t in, std::size_t out) : inputs(in), outputs(out), data(in * out, 0.0) {}
  double& at(std::size_t i, std::size_t o) { return data[i * outputs + o]; }
  double at(std::size_t i, std::size_t o) const { return data[i * outputs + o]; }
};

/// A layer's affine part. `taps` is 1 where the layer has a weight, whatever its value.
struct Affine {
  Matrix weights, taps;
  Vector bias;
  Vector operator()(const Vector& x) const;
};

Affine dense_matrix(const KernelWeights& weights);
/// A convolution over an input of height x width x channels.
Affine conv_matrix(const KernelWeights& weights, std::int64_t height, std::int64_t width, const WindowShape& window);

/// Where relevance begins: one output, or the largest of whatever is looked at.
struct Head {
  std::optional<std::size_t> neuron;
};

/// Relevance of x by the rule of that name. `arrived` is the relevance of the outputs, or nullptr at the head.
Vector twin_relevance(const std::string& rule, const Parameters& parameters, const Affine& layer, const Vector& x,
                      const Vector* arrived, const Head& head);

/// a / b, with 1e-7 for b = 0.
double safe_ratio(double a, double b);
Vector relu(Vector values);
/// One sample of a batch.
Vector sample_of(const Array& batch, std::size_t index);
/// Compares sample `index` of a map with its twin.
void expect_sample(const Array& map, std::size_t index, const Vector& expected, double tolerance = 1e-9);

}  // namespace signxai::test
