// The conservation ledger of one walk: how much relevance comes into each layer call, how much it hands on to its
// inputs, and what its bias and its stabiliser take. The driver enters what comes and goes, rules enter what they know
// to be absorbed. Everything is a sum over one sample. A walk without a ledger makes no node for it.
#pragma once

#include <vector>

#include "graph/builder.h"

namespace signxai::reverse {

/// What relevance can be absorbed by.
enum class Absorber { kBias, kStabiliser };

class Ledger {
 public:
  /// The sums of one call, each of shape (batch, 1); invalid: nothing.
  struct Row {
    int call = -1;
    graph::Value seed;       ///< at a head: what the walk begins with
    graph::Value arrived;    ///< from the calls behind this one; at a head it goes no further
    graph::Value handed_on;  ///< to the inputs
    graph::Value bias, stabiliser;
  };

  /// The call at which a walk is; the entries below belong to it.
  void open(int call) { rows_.push_back({call, {}, {}, {}, {}, {}}); }
  /// Each takes a value of shape (batch, ...). A second seed of the same call replaces the first.
  void seed(graph::Builder& builder, graph::Value value) { rows_.back().seed = per_sample(builder, value); }
  void arrive(graph::Builder& builder, graph::Value value) { add(builder, rows_.back().arrived, value); }
  void hand_on(graph::Builder& builder, graph::Value value) { add(builder, rows_.back().handed_on, value); }
  void absorb(graph::Builder& builder, Absorber by, graph::Value value) {
    add(builder, by == Absorber::kBias ? rows_.back().bias : rows_.back().stabiliser, value);
  }

  /// In the order of the walk: heads first.
  const std::vector<Row>& rows() const { return rows_; }
  /// Columns of `table` per row: seed, arrived, handed on, bias, stabiliser.
  static constexpr std::int64_t kColumns = 5;
  /// Every entry in one value of shape (batch, rows * kColumns).
  graph::Value table(graph::Builder& builder, std::int64_t batch) const;

 private:
  static graph::Value per_sample(graph::Builder& builder, graph::Value value);
  static void add(graph::Builder& builder, graph::Value& entry, graph::Value value);

  std::vector<Row> rows_;
};

}  // namespace signxai::reverse
