// Weights that a caller holds in memory, by path of the layer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"
#include "signxai/model.h"

namespace signxai::keras {

/// Arrays with an owner are used where they are, others are copied. `layers` must outlive this object.
class ArrayWeights : public ListedWeights {
 public:
  /// Throws Error(kInvalidArgument) for two entries of one layer, and for arrays whose shape or memory is impossible.
  explicit ArrayWeights(const std::vector<LayerWeights>& layers);

  /// Throws Error(kInvalidArgument) when weights are given to a layer that the model does not have.
  void require_layers_of(const ModelDef& model, const std::string& subject) const;

 protected:
  std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) override;
  graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) override;
  std::string absence(const WeightOwner& owner) const override;
  ErrorCode code() const override { return ErrorCode::kInvalidArgument; }

 private:
  std::map<std::string, const LayerWeights*> layers_;
};

}  // namespace signxai::keras
