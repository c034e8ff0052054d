// Model: a trained network as it was read from its files. Immutable; copies share everything.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signxai/custom_layers.h"
#include "signxai/export.h"
#include "signxai/tensor.h"

namespace signxai {

namespace graph {
struct Network;
}
namespace explain {
struct ModelCache;
}

/// One layer call of the network, for display.
struct LayerInfo {
  std::string name;
  std::string class_name;  ///< "Conv2D"
  std::string activation;  ///< fused activation; empty: none
  Shape output_shape;      ///< with the batch axis; open extents are negative
  std::int64_t parameters = 0;
  std::vector<std::string> inputs;  ///< names of the producing layers
};

/// An input or output of the network.
struct PortInfo {
  std::string name;
  Shape shape;  ///< of one sample, without the batch axis; open extents are negative
  /// Of an input of token ids: the embeddings that they go to, at whose outputs its maps are taken. Empty for numbers.
  std::vector<std::string> embeddings{};
};

/// A file that a model was read from: the network, its weights, stated custom layers.
struct ModelFile {
  std::string path;
  std::string sha256;  ///< of the whole file, in hexadecimal
};

/// How a model is loaded.
struct LoadOptions {
  /// The weights file of an architecture; empty: one that lies beside it.
  std::string weights{};
  /// What layers consist of whose classes are not Keras's own.
  CustomLayers custom_layers{};
};

/// One array of a layer in memory: float32, row-major, without gaps.
struct WeightArray {
  std::string name;  ///< for messages; may be empty
  Shape shape;
  const float* data = nullptr;
  /// Keeps `data` alive and unchanged; the array is then used where it lies. Null: the array is copied.
  std::shared_ptr<const void> owner{};
};

/// The arrays of one layer, in the order of Keras's `layer.weights`.
struct LayerWeights {
  std::string layer;  ///< its name; "outer/inner" inside a model that is used as a layer
  std::vector<WeightArray> arrays;
};

class SIGNXAI_API Model {
 public:
  /// Reads a network: a .keras or full-model .h5 file, a SavedModel folder, an architecture .json whose weights are in
  /// `options.weights` (default: an .h5 file beside it), or an .onnx file. The format is found by content. Nothing in
  /// the file is ever executed. A softmax or sigmoid at the end is left out: explanations are of the logits. Errors:
  /// kNotFound, kCorruptFile, kUnsupported (all unsupported layers at once), kOutOfMemory.
  static Model load(const std::string& path, const LoadOptions& options = {});
  /// Takes a network from memory: the bytes of an ONNX ModelProto, without `weights`, or the text of `model.to_json()`
  /// or {"class_name": ..., "config": model.get_config()} of Keras. `weights` has an entry for every layer that has
  /// weights; a layer used several times has one. Nothing of the arguments is referred to afterwards but arrays that
  /// have an owner. `options.weights` must be empty. Errors: kCorruptFile (the architecture contradicts itself),
  /// kUnsupported (all unsupported layers at once), kInvalidArgument (arrays missing, in excess, or of another shape;
  /// of a layer that the model does not have).
  static Model from_memory(std::string_view architecture, const std::vector<LayerWeights>& weights,
                           const LoadOptions& options = {});

  const std::string& name() const;
  /// In the order in which data is handed in and results come out.
  std::vector<PortInfo> inputs() const;
  std::vector<PortInfo> outputs() const;
  /// Shape of one sample of the first input, without the batch axis; open extents are negative.
  Shape sample_shape() const { return inputs().front().shape; }
  std::vector<LayerInfo> layers() const;
  /// What the importer found worth telling: a softmax or sigmoid left out, values converted.
  const std::vector<std::string>& notes() const;

  /// The file of the model and, where they stand in one of their own, that of the weights, with their hashes. Reads the
  /// files; kIo when one of them is no longer what was loaded. None for a model from memory.
  std::vector<ModelFile> files() const;

  const std::shared_ptr<const graph::Network>& network() const { return network_; }
  /// Weights as kernels want them, shared by all explainers of this model and of its copies.
  const std::shared_ptr<explain::ModelCache>& cache() const { return cache_; }

 private:
  struct Sources;
  Model(std::shared_ptr<const graph::Network> network, std::shared_ptr<const Sources> sources);
  std::shared_ptr<const graph::Network> network_;
  std::shared_ptr<const Sources> sources_;
  std::shared_ptr<explain::ModelCache> cache_;
};

}  // namespace signxai
