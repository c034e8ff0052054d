// DeepLIFT as a step of the reverse driver: multipliers of the difference to a baseline (Shrikumar et al. 2017).
#pragma once

#include <vector>

#include "reverse/driver.h"

namespace signxai::reverse {

/// Below this a difference counts as none, and the gradient takes the place of a quotient.
inline constexpr double kNoDifference = 1e-10;

class DeepLiftStep : public Step {
 public:
  /// `baselines` holds the value that each input of the network has at the baseline, of the input's shape but for a
  /// batch of one. Without `rescales_pools` max pooling gives its gradient, and maps do not add up.
  DeepLiftStep(graph::Builder& builder, const graph::Network& network, const std::vector<graph::Value>& baselines,
               bool rescales_pools);

  std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const override;

  /// What a value of the network's graph is at the baseline.
  graph::Value at_baseline(graph::Value value) const;

 private:
  std::vector<graph::Value> through(const Site& site, graph::Value from, graph::Value to, graph::Value signal) const;
  std::vector<graph::Value> through_pool(const Site& site, graph::Value signal) const;

  bool rescales_pools_;
  std::vector<graph::Value> baseline_;  ///< by value of the network's graph; invalid where it is the same
};

}  // namespace signxai::reverse
