// Targets that ask for several neurons of each sample (top, each): every sample is repeated once per neuron, and the
// maps get an axis behind the samples.
#pragma once

#include "explain/batch.h"
#include "graph/network.h"
#include "signxai/explainer.h"

namespace signxai::explain {

class Expanded {
 public:
  /// `scores` is an explanation without methods: what the model returns for the batch.
  Expanded(const graph::Network& network, const Batch& batch, const Target& target, const Explanation& scores);

  const Batch& batch() const { return batch_; }
  /// One index per repeated sample.
  const Target& target() const { return target_; }
  /// The explanation of the repeated samples, as one of the samples themselves.
  Explanation folded(Explanation repeated, const Explanation& scores) const;

 private:
  std::int64_t samples_, count_ = 0;
  Target target_;
  std::vector<std::vector<float>> arrays_;
  Batch batch_;
};

}  // namespace signxai::explain
