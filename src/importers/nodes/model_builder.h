// Makes a model definition call by call, for formats that record nodes of a graph and not layers of Keras (onnx/,
// tensorflow/). Their importers recover which layer a node, or a group of nodes, is; what the layer computes is then
// that of the layer table and of the table of operations, as for any Keras model. In the place of the second stage of
// the Keras importer.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

/// One call of one layer or operation.
struct NodeCall {
  std::string name;        ///< as the file has it; made unique
  std::string class_name;  ///< of the layer table, or an operation's first name
  Json config = Json::object();
  std::vector<TensorRef> inputs;
  std::vector<graph::Literal> weights{};  ///< in the order in which the layer takes them
  CallArguments arguments{};  ///< of an operation: the options; tensors among them are {"tensor": index into `inputs`}
};

/// The weights of layers that a ModelBuilder made, where they lie.
class NodeWeights : public ListedWeights {
 public:
  void add(const std::string& layer, std::vector<graph::Literal> weights) { layers_[layer] = std::move(weights); }
  void append(const std::string& layer, graph::Literal weight) {
    NodeWeights renewed;  // lists that were asked for are kept by the base
    renewed.layers_ = std::move(layers_);
    renewed.layers_[layer].push_back(std::move(weight));
    *this = std::move(renewed);
  }

 protected:
  std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) override;
  graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) override;
  std::string absence(const WeightOwner& owner) const override;

 private:
  std::map<std::string, std::vector<graph::Literal>> layers_;
};

/// Not safe for concurrent use. References that it returns stay valid for the definition that take_model() gives.
class ModelBuilder {
 public:
  /// `keras`: whose numbers functions have where the two differ, 2 or 3.
  explicit ModelBuilder(std::string name, int keras = 3);

  /// An input of the model; the extent of an open axis is -1, the batch comes first.
  TensorRef input(const std::string& name, const Shape& shape);
  /// Numbers of the file. They are no call, and nothing reaches them on the way back.
  TensorRef constant(const std::string& name, graph::Literal value);
  TensorRef layer(NodeCall call) { return add(std::move(call), false); }
  TensorRef operation(NodeCall call) { return add(std::move(call), true); }
  /// A node that cannot be imported; the network is refused for it, with all others, if its outputs need it.
  TensorRef refused(NodeCall call, std::string reason);
  /// A layer with kernel gets the bias that it has not: `use_bias` becomes true.
  void add_bias(const TensorRef& of, graph::Literal bias);
  void output(const TensorRef& tensor) { model_.outputs.push_back(tensor); }

  const ModelDef& model() const { return model_; }
  NodeWeights& weights() { return weights_; }

 private:
  TensorRef add(NodeCall call, bool operation);
  LayerDef& next(const std::string& name, std::string class_name, Json config);

  ModelDef model_;
  NodeWeights weights_;
  std::set<std::string> taken_;
  std::map<std::string, std::size_t> names_;  ///< the last number behind each
};

/// Further results of the call behind `tensor`.
inline TensorRef result_of(const TensorRef& tensor, std::size_t index) { return {tensor.layer, tensor.node, index}; }

}  // namespace signxai::keras
