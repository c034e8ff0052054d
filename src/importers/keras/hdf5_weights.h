// Weights of a Keras 2 HDF5 file: one group per layer, with the attribute `weight_names` giving paths in order.
#pragma once

#include <string>

#include "importers/hdf5/hdf5_file.h"
#include "importers/keras/weight_source.h"

namespace signxai::keras {

class Hdf5Weights : public ListedWeights {
 public:
  /// `root` is the group that holds the layers' groups: "/" of a weights file, "/model_weights" of a model file.
  /// Throws Error(kUnsupported) when they are not in the form of Keras 2.
  Hdf5Weights(hdf5::File file, const std::string& root);
  Hdf5Weights(const Hdf5Weights&) = delete;
  Hdf5Weights& operator=(const Hdf5Weights&) = delete;

 protected:
  std::optional<std::vector<WeightInfo>> list(const std::string& group) const override;
  graph::Literal load(const std::string& group, std::size_t index, const std::string& name) const override;

 private:
  const hdf5::Object& dataset(const hdf5::Object& group, const std::string& weight_name) const;

  hdf5::File file_;
  const hdf5::Object* root_;  ///< in file_
};

/// The group that holds the weights, or nullptr if the file holds none in the form of Keras 2.
const hdf5::Object* find_weights(const hdf5::File& file);

}  // namespace signxai::keras
