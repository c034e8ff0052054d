// Network: what an importer produces. The forward graph with its extents still open, and the layer calls of the model,
// which stay visible because LRP is defined on layers and not on primitives. Immutable after import.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace signxai::graph {

/// What relevance rules need to know of a layer's nature; everything finer is asked of the graph.
enum class LayerKind {
  kInput,
  kKernel,  ///< has a kernel: dense, convolution ... (the layers that a relevance rule is chosen for)
  kBatchNorm,
  kAdd,
  kAveragePool,  ///< local or global
  kEmbedding,    ///< vectors for ids, which have no derivative: maps of the ids are taken at its output
  kSteps,        ///< piecewise constant, as categories of numbers are: neither gradients nor relevance pass
  kOther,
};

/// A weight by its role in the layer: "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance" ...
struct Weight {
  std::string role;
  Value value;
};

/// One call of one layer. A layer that is called twice gives two calls.
struct LayerCall {
  std::string name;        ///< "block1_conv1"; "outer/inner" inside a nested model; second calls end in ":1", ":2" ...
  std::string class_name;  ///< as the file has it: "Conv2D"
  LayerKind kind = LayerKind::kOther;
  std::string activation;  ///< name of the fused activation, or of the one an Activation layer applies; "" if none
  std::vector<Value> inputs;
  std::vector<int> producers;  ///< index of the call behind each input
  Value kernel_output;         ///< before the fused activation; equals `output` where there is none
  Value output;
  std::vector<Weight> weights;

  /// The weight of that role, or an invalid Value.
  Value weight(std::string_view role) const;
};

/// A softmax, log-softmax or sigmoid at the end was left out: explanations are of the logits.
struct RemovedHead {
  std::string layer;       ///< name of the layer that held it; empty: none was found
  std::string function{};  ///< "softmax", "log-softmax" or "sigmoid"
  std::string form;        ///< "fused activation", "Activation layer", "Softmax layer"
};

struct Network {
  std::string name;
  bool sequential = false;
  Graph graph;                   ///< open extents; one graph input per model input, one output per model output
  std::vector<LayerCall> calls;  ///< in topological order, as in the model's layer list where that is topological
  std::vector<int> outputs;      ///< the calls behind the model's outputs
  Graph probabilities;           ///< maps the logits to what the model file would return; identity without such a head
  RemovedHead removed_head;
  std::vector<std::string> notes;  ///< what the importer wants the user to know
  std::string weights_path;        ///< where the weights come from, if not from the model's own file

  /// Calls that consume the output of call `index`, one entry per input they use it for.
  std::vector<int> successors(int index) const;
  /// The calls of the model's inputs, in the order of graph.inputs().
  std::vector<int> input_calls() const;
  /// Where the map of an input is taken: the call of the input itself, or for ids those of the embeddings that it goes
  /// to, as ids have no derivative. Both, if other layers take the input as numbers.
  std::vector<int> places_of(int input_call) const;
  /// Index of the call with that name, or -1.
  int find(std::string_view layer) const;
};

/// The same network with its open extents bound: `shapes` holds one full shape (batch first) per graph input.
/// Throws Error(kInvalidArgument) when they contradict the model.
Network bind(const Network& network, const std::vector<Shape>& shapes);

}  // namespace signxai::graph
