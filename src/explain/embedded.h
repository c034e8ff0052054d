// Token ids: methods that evaluate maps at other points than the sample (noise around it, a path to it) move the
// vectors of an embedding, not the ids. For them the network is cut at its embeddings, whose outputs become its inputs.
#pragma once

#include <optional>

#include "explain/batch.h"
#include "graph/network.h"
#include "methods/method.h"
#include "signxai/tensor.h"

namespace signxai::explain {

/// The network that begins where the maps of its inputs are taken (graph::Network::places_of); nothing if it does so
/// anyway. Its inputs have the names of the calls, in the order of the places; behind them are those inputs of the
/// whole network that it needs besides: the ids from which masks are made.
std::optional<graph::Network> cut_at_embeddings(const graph::Network& network);

/// What such a network is fed with for a batch of the whole one.
class Embedded {
 public:
  Embedded(const graph::Network& network, const graph::Network& cut, const Batch& batch);

  const Batch& batch() const { return batch_; }
  /// The method with the embedded form of the ids in `reference_inputs` (a number: the same id everywhere).
  static methods::Resolved at_baseline(const graph::Network& network, const graph::Network& cut, const Batch& batch,
                                       const methods::Resolved& method);

 private:
  std::vector<Tensor> arrays_;
  Batch batch_;
};

/// The shapes of that batch.
std::vector<Shape> embedded_shapes(const graph::Network& network, const graph::Network& cut,
                                   const std::vector<Shape>& shapes);

}  // namespace signxai::explain
