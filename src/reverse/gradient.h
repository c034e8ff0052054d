// Steps of the gradient family.
#pragma once

#include "reverse/driver.h"

namespace signxai::reverse {

/// d sel(f) / dx by the true derivative of every layer.
class GradientStep : public Step {
 public:
  std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const override;
};

/// Guided back-propagation (Springenberg et al. 2015): at rectifying layers only positive signals pass, and only where
/// the unit was active: R <- VJP(max(R, 0)), applied to each successor's signal before they are summed. The walk begins
/// with the value of the selected output, as the reference has it (SEMANTICS Q2).
class GuidedStep : public Step {
 public:
  /// kNamed: layers whose activation or class name contains "relu". kExact: layers with the activation "relu",
  /// except the model's first layer (the form used by guided Grad-CAM).
  enum class Rectifiers { kNamed, kExact };
  explicit GuidedStep(Rectifiers rectifiers) : rectifiers_(rectifiers) {}
  std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const override;

 private:
  bool applies(const Site& site) const;
  Rectifiers rectifiers_;
};

/// Deconvnet (Zeiler and Fergus 2014): at rectifying layers R <- W^T max(R, 0), without the forward mask.
class DeconvnetStep : public Step {
 public:
  std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const override;
};

/// Whether the name of the activation or of the layer class contains "relu", in any case.
bool is_rectifier(const graph::LayerCall& call);

}  // namespace signxai::reverse
