// From the nodes of an ONNX graph to calls of layers and operations. Second stage of the ONNX importer.
//
// ONNX counts the batch among the axes, and exporters write graphs that put it elsewhere, merge it with other axes and
// compute with its extent. Here a graph is read for one sample, the extent of its batch being 1, and computed for each
// sample of a batch: a tensor of shape [1, 3, 8] is kept as [N, 3, 8], and one of shape [16, 5] as [N, 16, 5], N being
// the samples. So shapes are known, what is computed from them is a constant, and no sample sees another one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/network.h"
#include "importers/nodes/model_builder.h"
#include "importers/nodes/shapes.h"
#include "importers/onnx/document.h"

namespace signxai::onnx {

using keras::Json;
using keras::TensorRef;

/// A tensor of the ONNX graph: numbers, or the result of a call.
struct Tensor {
  std::optional<Constant> constant{};
  TensorRef ref{};
  Shape shape{};               ///< as ONNX has it, the batch being 1; the elements behind N may be shaped otherwise
  bool channels_last = false;  ///< of the result; ONNX has them behind the batch
  bool missing = false;        ///< cannot be computed
  std::string view{};          ///< the node that gave it its shape or layout, where no call was made for that
  Element element = Element::kFloat;
};

/// Where the axes of a call's tensors stand: behind the samples there may be an axis for ONNX's own batch.
enum class Frame {
  kBatch,   ///< [N, shape[1], ...]; shape[0] is 1
  kSample,  ///< [N, shape[0], ...]
};

class Node;

class Translator {
 public:
  explicit Translator(Document& document) : document_(document), builder_(document.graph().name()), shapes_(builder_) {}

  graph::Network run();

  Document& document() { return document_; }
  keras::ModelBuilder& builder() { return builder_; }
  std::vector<std::string>& notes() { return notes_; }

  /// The tensor of that name. Throws Error(kCorruptFile) where nothing makes it.
  const Tensor& tensor(const std::string& name, const std::string& user) const;
  /// The same; null where it was not made yet.
  const Tensor* find(const std::string& name) const;
  void set(const std::string& name, Tensor tensor) { tensors_[name] = std::move(tensor); }
  /// Whether a node or the caller takes the tensor.
  bool is_used(const std::string& name) const { return users_.count(name) != 0 || outputs_.count(name) != 0; }
  /// The node that alone takes the tensor, if it is no output of the graph; else null.
  const onnx_messages::Node* sole_user(const std::string& tensor) const;
  const onnx_messages::Node* maker_of(const std::string& tensor) const;
  /// The node was translated along with another one.
  void skip(const onnx_messages::Node& node) { skipped_.insert(&node); }

  /// The tensor with its elements in the order and shape that the frame has. Makes a call where they are not.
  TensorRef in_frame(const Tensor& tensor, Frame frame, const std::string& user);
  /// The same, in any shape: `target` begins with the open batch.
  TensorRef shaped(const Tensor& tensor, const Shape& target, const std::string& user);
  /// The same with its channels where ONNX has them.
  Tensor channels_first(const Tensor& tensor, const std::string& user);
  /// Shape of a result, the open batch in front; none where it cannot be computed.
  std::optional<Shape> shape_of(const TensorRef& ref) { return shapes_.of(ref); }
  /// A number tensor for each sample of the batch that `like` is of.
  Tensor for_each_sample(const Constant& constant, const Tensor& like, const std::string& user);

 private:
  void index_nodes();
  void read_inputs();
  void read_initializers();
  std::vector<const onnx_messages::Node*> needed_nodes() const;
  void move_numbers_first(std::vector<const onnx_messages::Node*>& order) const;
  void translate(const onnx_messages::Node& proto);
  void give_outputs();

  Document& document_;
  keras::ModelBuilder builder_;
  keras::Shapes shapes_;
  std::vector<std::string> notes_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, const onnx_messages::Node*> makers_;
  std::map<std::string, std::vector<const onnx_messages::Node*>> users_;
  std::set<std::string> outputs_;
  std::set<const onnx_messages::Node*> skipped_;
  std::map<std::pair<std::size_t, std::pair<std::size_t, Shape>>, TensorRef> reshaped_;
};

}  // namespace signxai::onnx
