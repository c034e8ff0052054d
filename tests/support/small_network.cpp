// Layer calls by hand, as an importer would make them.
#include "support/small_network.h"

#include "backends/reference/evaluate.h"
#include "methods/method.h"

namespace signxai::test {

using graph::Ints;
using graph::LayerKind;
using graph::Value;

std::vector<float> normal_values(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

graph::Literal random_literal(Shape shape, std::mt19937& random) {
  auto values = normal_values(element_count(shape), random);
  return graph::Literal(std::move(shape), std::move(values));
}

KernelWeights random_weights(const Shape& kernel, bool bias, std::mt19937& random) {
  KernelWeights weights{random_literal(kernel, random), {}};
  if (bias) weights.bias = random_literal({kernel.back()}, random);
  return weights;
}

Array random_input(const Shape& shape, std::mt19937& random) {
  Array array(shape);
  const auto values = normal_values(element_count(shape), random);
  array.data.assign(values.begin(), values.end());
  return array;
}

SmallNetwork::SmallNetwork(Shape input) {
  network_.name = "small";
  append("InputLayer", LayerKind::kInput, {}, builder_.input("input", std::move(input)));
}

int SmallNetwork::append(const std::string& class_name, LayerKind kind, const std::vector<int>& from, Value output) {
  graph::LayerCall call;
  call.name = "layer_" + std::to_string(network_.calls.size());
  call.class_name = class_name;
  call.kind = kind;
  for (int producer : from) call.inputs.push_back(this->output(producer));
  call.producers = from;
  call.kernel_output = call.output = output;
  network_.calls.push_back(std::move(call));
  return static_cast<int>(network_.calls.size()) - 1;
}

int SmallNetwork::kernel_layer(const std::string& class_name, int from, const KernelWeights& weights, Value kernel,
                               Value product, const std::string& activation) {
  const Value bias = weights.has_bias() ? builder_.constant(weights.bias) : Value{};
  const Value z = bias ? builder_.add(product, bias) : product;
  const int index =
      append(class_name, LayerKind::kKernel, {from}, activation.empty() ? z : builder_.unary(activation, z));
  graph::LayerCall& call = network_.calls.back();
  call.kernel_output = z;
  call.activation = activation;
  call.weights.push_back({"kernel", kernel});
  if (bias) call.weights.push_back({"bias", bias});
  return index;
}

int SmallNetwork::dense(int from, const KernelWeights& weights, const std::string& activation) {
  const Value kernel = builder_.constant(weights.kernel);
  return kernel_layer("Dense", from, weights, kernel, builder_.make("matmul", {output(from), kernel}), activation);
}

int SmallNetwork::conv(int from, const KernelWeights& weights, WindowShape window, const std::string& activation) {
  const Value kernel = builder_.constant(weights.kernel);
  const std::size_t space = weights.kernel.shape().size() - 2;
  const Value product = builder_.make(
      "conv", {output(from), kernel},
      {{"strides", Ints(space, window.stride)}, {"padding", window.padding}, {"dilations", Ints(space, 1)}});
  return kernel_layer(space == 1 ? "Conv1D" : "Conv2D", from, weights, kernel, product, activation);
}

int SmallNetwork::activation(int from, const std::string& name) {
  const int index = append("Activation", LayerKind::kOther, {from}, builder_.unary(name, output(from)));
  network_.calls.back().activation = name;
  return index;
}

int SmallNetwork::flatten(int from) {
  return append("Flatten", LayerKind::kOther, {from}, builder_.reshape(output(from), {0, -1}));
}

int SmallNetwork::zero_padding(int from) {
  return append("ZeroPadding2D", LayerKind::kOther, {from},
                builder_.make("pad", {output(from)}, {{"pads", Ints{0, 0, 1, 1, 1, 1, 0, 0}}}));
}

int SmallNetwork::dropout(int from) { return append("Dropout", LayerKind::kOther, {from}, output(from)); }

int SmallNetwork::max_pool(int from, WindowShape window) {
  return append(
      "MaxPooling2D", LayerKind::kOther, {from},
      builder_.make(
          "max_pool", {output(from)},
          {{"window", Ints(2, window.size)}, {"strides", Ints(2, window.stride)}, {"padding", window.padding}}));
}

int SmallNetwork::average_pool(int from, WindowShape window) {
  return append(
      "AveragePooling2D", LayerKind::kAveragePool, {from},
      builder_.make(
          "avg_pool", {output(from)},
          {{"window", Ints(2, window.size)}, {"strides", Ints(2, window.stride)}, {"padding", window.padding}}));
}

int SmallNetwork::batch_norm(int from, const std::vector<graph::Literal>& weights) {
  std::vector<Value> w;
  for (const auto& literal : weights) w.push_back(builder_.constant(literal));
  const Value scale = builder_.div(w[0], builder_.unary("sqrt", builder_.add(w[3], builder_.constant(1e-3))));
  const Value y = builder_.add(builder_.mul(builder_.sub(output(from), w[2]), scale), w[1]);
  const int index = append("BatchNormalization", LayerKind::kBatchNorm, {from}, y);
  network_.calls.back().weights = {{"gamma", w[0]}, {"beta", w[1]}, {"moving_mean", w[2]}, {"moving_variance", w[3]}};
  return index;
}

int SmallNetwork::add(const std::vector<int>& from) {
  Value sum = output(from.front());
  for (std::size_t i = 1; i < from.size(); ++i) sum = builder_.add(sum, output(from[i]));
  return append("Add", LayerKind::kAdd, from, sum);
}

int SmallNetwork::concatenate(const std::vector<int>& from) {
  std::vector<Value> values;
  for (int producer : from) values.push_back(output(producer));
  const auto axis = static_cast<std::int64_t>(builder_.shape(values.front()).size()) - 1;
  return append("Concatenate", LayerKind::kOther, from, builder_.make("concat", values, {{"axis", axis}}));
}

graph::Network SmallNetwork::finish() {
  network_.outputs = {static_cast<int>(network_.calls.size()) - 1};
  builder_.output("logits", network_.calls.back().output);
  network_.graph = builder_.take();
  return std::move(network_);
}

namespace {

graph::Graph graph_of(const graph::Network& network, const std::vector<methods::Resolved>& methods, bool has_targets) {
  graph::Builder builder(network.graph);
  builder.clear_outputs();
  reverse::Selection selection = reverse::Selection::max();
  if (has_targets) {
    const std::int64_t batch = builder.shape(network.calls.front().output).front();
    selection = reverse::Selection::index(builder.input("targets", {batch}));
  }
  const methods::MethodSite site{builder, network, {.selection = selection}, 0};
  int count = 0;
  for (const methods::Resolved& method : methods) {
    for (const graph::Value value : method.build(site)) builder.output("value" + std::to_string(count++), value);
  }
  return builder.take();
}

}  // namespace

graph::Graph method_graph(const graph::Network& network, const std::string& method, const Parameters& parameters,
                          bool has_targets) {
  return graph_of(network, {methods::resolve(method, parameters)}, has_targets);
}

graph::Graph joint_graph(const graph::Network& network, const std::vector<std::string>& methods) {
  std::vector<methods::Resolved> resolved;
  for (const std::string& method : methods) resolved.push_back(methods::resolve(method, {}));
  return graph_of(network, resolved, true);
}

std::vector<Array> graph_inputs(const Array& x, const Neurons& neurons) {
  std::vector<Array> inputs = {x};
  if (neurons) {
    Array targets({static_cast<std::int64_t>(neurons->size())});
    targets.data.assign(neurons->begin(), neurons->end());
    inputs.push_back(std::move(targets));
  }
  return inputs;
}

std::vector<Array> run_method(const graph::Network& network, const std::string& method, const Parameters& parameters,
                              const Array& x, const Neurons& neurons) {
  const graph::Graph graph = method_graph(network, method, parameters, neurons.has_value());
  return reference::evaluate(graph, graph_inputs(x, neurons));
}

}  // namespace signxai::test
