// Weights of a SavedModel that Keras wrote: each layer is an object that lists its variables in Keras's order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "importers/keras/model_def.h"
#include "importers/tensorflow/saved_model.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

class SavedModelWeights : public ListedWeights {
 public:
  /// Finds the object of every layer by its name in the metadata. `saved` must outlive this object.
  SavedModelWeights(tensorflow::SavedModel& saved, const ModelDef& model);

  std::vector<std::string> notes() const override;

 protected:
  std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) override;
  graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) override;
  std::string absence(const WeightOwner& owner) const override;

 private:
  std::map<std::string, int> layers_in(int object) const;
  void find_objects(const ModelDef& model, const std::string& prefix, int object);

  tensorflow::SavedModel& saved_;
  std::map<std::string, int> objects_;  ///< by path of the layer
};

}  // namespace signxai::keras
