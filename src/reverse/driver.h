// The one reverse driver. It walks the layer calls of a bound network backwards, joins what arrives at each call, and
// asks a Step for the relevance of the call's inputs. Gradient, guided back-propagation, deconvnet and LRP are steps.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "reverse/selection.h"

namespace signxai::reverse {

/// One layer call as a step sees it. `builder` continues the network's graph, so the call's values are valid in it.
struct Site {
  graph::Builder& builder;
  const graph::Network& network;
  int index;
  const Selection* head;  ///< set where the walk begins: the call has no successors

  const graph::LayerCall& call() const { return network.calls[static_cast<std::size_t>(index)]; }
  bool is_head() const { return head != nullptr; }
  /// sel(value) at a head, the value itself elsewhere.
  graph::Value selected(graph::Value value) const { return head ? head->apply(builder, value) : value; }
  /// sum of what arrived; the call must not be a head.
  graph::Value sum(std::span<const graph::Value> incoming) const;
};

class Step {
 public:
  virtual ~Step() = default;
  /// Relevance of each input of the call (invalid: none). `incoming` holds one value per successor edge, each of the
  /// shape of the call's output; it is empty at a head, where the step chooses its own seed.
  virtual std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const = 0;
};

/// Where the walk begins.
struct Start {
  /// At all calls without successors, selecting neurons there.
  static Start heads(Selection selection) { return {-1, {}, selection}; }
  /// At the output of one call, with a given cotangent of its shape.
  static Start at(int call, graph::Value cotangent) { return {call, cotangent, Selection::all()}; }

  int call;
  graph::Value cotangent;
  Selection selection;
};

/// What the walk found at one call; values are invalid where nothing arrived.
struct Arrival {
  graph::Value output;               ///< joined relevance of the call's output; invalid at a head
  std::vector<graph::Value> inputs;  ///< relevance of each input
};

/// One entry per call of the network.
std::vector<Arrival> walk(graph::Builder& builder, const graph::Network& network, const Step& step, const Start& start);

/// Vector-Jacobian product of a call from `target` (its output or kernel output; sel of it at a head) to its inputs.
/// An input that is given twice gets its whole cotangent once.
std::vector<graph::Value> vjp(const Site& site, graph::Value target, graph::Value cotangent);

}  // namespace signxai::reverse
