// Weights in the form that Keras calls v3: model.weights.h5 of .keras files (Keras 2.12 and later) and .weights.h5 of
// Keras 3. Groups are nested as the model is, a layer's arrays are "vars/0", "vars/1" ... in the layer's order:
//
//     layers/functional/layers/conv2d_1/vars/0            (Keras 2.13 and later)
//     _layer_checkpoint_dependencies/dense_2/vars/0       (Keras 2.12)
//     layers/multi_head_attention/query_dense/vars/0
//     layers/bidirectional/forward_layer/cell/vars/0
//
// A group has the name of the layer's class and a number, not that of the layer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "importers/keras/model_def.h"
#include "importers/weights/hdf5_reader.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

class V3Weights : public ListedWeights {
 public:
  /// Finds the group of every layer. Throws Error(kCorruptFile) when the file's groups are not those of the model.
  V3Weights(hdf5::File file, const ModelDef& model);

  bool holds(const WeightOwner& owner) override {
    return groups_.count(owner.path) != 0 && !groups_.at(owner.path).empty();
  }
  std::vector<std::string> notes() const override { return reader_.notes(); }

 protected:
  std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) override;
  graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) override;
  std::string absence(const WeightOwner& owner) const override;

 private:
  void find_groups(const ModelDef& model, const std::string& prefix, const hdf5::Object& group);
  void assign(const LayerDef& layer, const std::string& path, const hdf5::Object& group);
  std::vector<const hdf5::Object*> arrays(const WeightOwner& owner) const;
  std::string inner_groups(const WeightOwner& owner) const;

  Hdf5Reader reader_;
  /// By path of the layer: the groups "vars" of its own and of the layers inside it, in Keras's order.
  std::map<std::string, std::vector<const hdf5::Object*>> groups_;
  std::map<std::string, const hdf5::Object*> layers_;  ///< by path: the layer's whole group
};

/// Whether the file is in this form.
bool holds_v3_weights(const hdf5::File& file);

/// "SeparableConv2D" as "separable_conv2d", "PReLU" as "p_re_lu".
std::string snake_case(const std::string& class_name);

}  // namespace signxai::keras
