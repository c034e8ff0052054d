// Weights of an HDF5 file in the form of Keras 2, in which Keras 3 still writes .h5 files: one group per layer, with
// the attribute `weight_names` giving paths in order.
#pragma once

#include <string>

#include "importers/weights/hdf5_reader.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

class Hdf5Weights : public GroupedWeights {
 public:
  /// `root` is the group that holds the layers' groups: "/" of a weights file, "/model_weights" of a model file.
  /// Throws Error(kUnsupported) when they are not in the form of Keras 2.
  Hdf5Weights(hdf5::File file, const std::string& root);
  Hdf5Weights(const Hdf5Weights&) = delete;
  Hdf5Weights& operator=(const Hdf5Weights&) = delete;

  std::vector<std::string> notes() const override { return reader_.notes(); }

 protected:
  std::optional<std::vector<WeightInfo>> list_group(const std::string& group) const override;
  graph::Literal load_from(const std::string& group, std::size_t index, const std::string& name) override;

 private:
  const hdf5::Object& dataset(const hdf5::Object& group, const std::string& weight_name) const;

  Hdf5Reader reader_;
  const hdf5::Object* root_;  ///< in the reader's file
};

/// The group that holds the weights, or nullptr if the file holds none in the form of Keras 2.
const hdf5::Object* find_weights(const hdf5::File& file);

}  // namespace signxai::keras
