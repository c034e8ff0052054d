// Model: a trained network as it was read from its files. Immutable; copies share everything.
#pragma once

#include <memory>
#include <string>
#include <vector>

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
};

/// A file that a model was read from.
struct ModelFile {
  std::string path;
  std::string sha256;  ///< of the whole file, in hexadecimal
};

class SIGNXAI_API Model {
 public:
  /// Reads a Keras network: a full-model .h5 file, or an architecture .json whose weights are in `weights` (default:
  /// an .h5 file beside it). The format is found by content. Nothing in the file is ever executed. A softmax or
  /// sigmoid at the end is left out: explanations are of the logits.
  /// Errors: kNotFound, kCorruptFile, kUnsupported (all unsupported layers at once), kOutOfMemory.
  static Model load(const std::string& path, const std::string& weights = {});

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
  /// files; kIo when one of them is no longer what was loaded.
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
