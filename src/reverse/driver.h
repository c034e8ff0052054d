// The one reverse driver. It walks the layer calls of a bound network backwards, joins what arrives at each call, and
// asks a Step for the relevance of the call's inputs. Gradient, guided back-propagation, deconvnet and LRP are steps.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "graph/rewrite.h"
#include "reverse/ledger.h"
#include "reverse/selection.h"
#include "reverse/semantics.h"

namespace signxai::reverse {

/// How a walk begins.
struct Start {
  Selection selection = Selection::all();  ///< of neurons at the heads
  /// Calls where the walk begins, as if the network ended there: nothing from above reaches them. Empty: all calls
  /// without successors.
  std::vector<int> heads{};
  std::optional<double> seed{};  ///< the signal at every selected neuron, in place of the step's own choice
  Semantics semantics{};         ///< which quirks of the reference are put right
  Ledger* ledger = nullptr;      ///< set: the walk keeps its accounts here

  int inner_call = -1;             ///< set: the walk begins at the output of this call and not at heads,
  graph::Value inner_cotangent{};  ///< with this cotangent of its shape

  static Start at(int call, graph::Value cotangent) {
    Start start;
    start.inner_call = call;
    start.inner_cotangent = cotangent;
    return start;
  }
};

/// One layer call as a step sees it. `builder` continues the network's graph, so the call's values are valid in it.
struct Site {
  graph::Builder& builder;
  const graph::Network& network;
  int index;
  const Start& start;
  bool head;  ///< the walk begins here

  const graph::LayerCall& call() const { return network.calls[static_cast<std::size_t>(index)]; }
  bool is_head() const { return head; }
  /// Asked only where the quirk would change the result.
  bool fixes(Quirk quirk) const { return start.semantics.fixes(quirk); }
  /// sel(value) at a head, the value itself elsewhere.
  graph::Value selected(graph::Value value) const { return head ? start.selection.apply(builder, value) : value; }
  /// The signal at a head: the caller's seed, or `own`, which the step would begin with; both of own's shape.
  graph::Value seeded(graph::Value own) const;
  /// sum of what arrived; the call must not be a head.
  graph::Value sum(std::span<const graph::Value> incoming) const;
  /// R / (z + stabiliser), by safe_div; no stabiliser where that is invalid. What goes to the stabiliser, times
  /// `weight`, is entered into the ledger.
  graph::Value ratio(graph::Value relevance, graph::Value z, graph::Value stabiliser = {}, double weight = 1) const;
  /// Enters amount (batch, ...) times `weight` into the ledger; to be called where there is one.
  void absorb(Absorber by, graph::Value amount, double weight = 1) const;
  /// The same call where nothing is selected any more.
  Site inner() const { return {builder, network, index, start, false}; }
};

class Step {
 public:
  virtual ~Step() = default;
  /// Relevance of each input of the call (invalid: none). `incoming` holds one value per successor edge, each of the
  /// shape of the call's output; it is empty at a head, where the step chooses its own seed.
  virtual std::vector<graph::Value> pull(const Site& site, std::span<const graph::Value> incoming) const = 0;
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
std::vector<graph::Value> vjp(const Site& site, graph::Value target, graph::Value cotangent,
                              const graph::Derivative* derivative = nullptr);

}  // namespace signxai::reverse
