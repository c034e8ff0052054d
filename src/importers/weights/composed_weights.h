// The weights of the layers inside a custom layer: the custom layer's own list, handed out in parts.
#pragma once

#include <map>
#include <string>

#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

/// Where the file has a layer of that name below the custom layer, its own weights; else those that the composition
/// names; else the next ones. Keras lists a layer's trainable weights first and then its state (moving averages),
/// across the whole custom layer; if that is frozen, layer by layer.
class ComposedWeights : public WeightSource {
 public:
  /// For one call of the custom layer `whole`, which consists of `parts`. The arguments must outlive this object.
  ComposedWeights(WeightSource& source, const WeightOwner& whole, const ModelDef& parts, bool frozen);

  graph::Literal read(const WeightOwner& owner, std::size_t position, const std::string& role,
                      const Shape& expected) override;
  void finish(const WeightOwner& owner, std::size_t used) override;
  bool holds(const WeightOwner& owner) override { return source_.holds(owner); }
  std::size_t count(const WeightOwner& owner) override;

  /// After the last part: throws when the custom layer has more weights than its parts took.
  void close();

 private:
  std::size_t place(const LayerDef& part, std::size_t position, const std::string& role, const WeightOwner& owner);
  std::size_t states(const ModelDef& parts, const std::string& prefix);

  WeightSource& source_;
  const WeightOwner& whole_;
  std::map<std::string, const LayerDef*> parts_;  ///< by name
  bool frozen_;
  std::size_t next_ = 0;
  std::size_t next_state_ = 0;
  std::size_t used_ = 0;
};

}  // namespace signxai::keras
