// Networks that a test writes down layer by layer, and methods run on them by the reference backend.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "graph/op.h"
#include "signxai/method.h"

namespace signxai::test {

using graph::Array;

/// A layer with a kernel; without bias where that is empty.
struct KernelWeights {
  graph::Literal kernel, bias;
  bool has_bias() const { return bias.size() > 0 && !bias.shape().empty(); }
};

/// Normally distributed numbers, for weights and inputs: both signs, none zero.
std::vector<float> normal_values(std::int64_t count, std::mt19937& random);
graph::Literal random_literal(Shape shape, std::mt19937& random);
KernelWeights random_weights(const Shape& kernel, bool bias, std::mt19937& random);
Array random_input(const Shape& shape, std::mt19937& random);

struct WindowShape {
  std::int64_t size = 2, stride = 1;
  std::string padding = "valid";
};

/// Each function appends a layer call and returns its index; `from` is the index of the producer.
class SmallNetwork {
 public:
  /// The input, call 0: bound shape with the batch axis.
  explicit SmallNetwork(Shape input);

  int dense(int from, const KernelWeights& weights, const std::string& activation = "");
  int conv(int from, const KernelWeights& weights, WindowShape window, const std::string& activation = "");
  int activation(int from, const std::string& name);
  int flatten(int from);
  int zero_padding(int from);
  int dropout(int from);
  int max_pool(int from, WindowShape window);
  int average_pool(int from, WindowShape window);
  /// gamma, beta, mean, variance of one entry per channel.
  int batch_norm(int from, const std::vector<graph::Literal>& weights);
  int add(const std::vector<int>& from);
  int concatenate(const std::vector<int>& from);

  /// The network; the last call is its output.
  graph::Network finish();

 private:
  int append(const std::string& class_name, graph::LayerKind kind, const std::vector<int>& from, graph::Value output);
  int kernel_layer(const std::string& class_name, int from, const KernelWeights& weights, graph::Value kernel,
                   graph::Value product, const std::string& activation);
  graph::Value output(int call) const { return network_.calls[static_cast<std::size_t>(call)].output; }

  graph::Builder builder_;
  graph::Network network_;
};

/// The neuron that is explained: the largest, or one per sample.
using Neurons = std::optional<std::vector<std::int64_t>>;

/// The graph of a method on a bound network, before any pass: inputs are the network's, and "targets" where neurons are
/// given; outputs are the method's raw values.
graph::Graph method_graph(const graph::Network& network, const std::string& method, const Parameters& parameters,
                          bool has_targets);
/// The same of several methods asked together, of their default parameters and a target.
graph::Graph joint_graph(const graph::Network& network, const std::vector<std::string>& methods);
/// The graph's inputs: x, and the neurons where they are given.
std::vector<Array> graph_inputs(const Array& x, const Neurons& neurons);
/// The raw values of a method.
std::vector<Array> run_method(const graph::Network& network, const std::string& method, const Parameters& parameters,
                              const Array& x, const Neurons& neurons);

}  // namespace signxai::test
