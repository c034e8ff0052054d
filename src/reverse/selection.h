// Which output neuron is explained: sel(T), applied to any tensor of the output's shape. Rules apply it to their own
// internal quantities, which is what makes the reference mix neurons under `max` (SEMANTICS Q1).
#pragma once

#include <optional>

#include "graph/builder.h"
#include "reverse/expression.h"

namespace signxai::reverse {

class Selection {
 public:
  /// Maximum over axis 1, kept as an axis of extent 1; ties share the derivative equally.
  static Selection max() { return Selection(Kind::kMax); }
  /// One flat index per sample, given as a value of shape (batch,).
  static Selection index(graph::Value targets) { return Selection(Kind::kIndex, targets); }
  /// Every output together.
  static Selection all() { return Selection(Kind::kAll); }
  /// Every output, with the derivative of an expression of them as the signal.
  static Selection weighted(Expression expression) {
    Selection selection(Kind::kAll);
    selection.expression_ = std::move(expression);
    return selection;
  }

  /// Every output, each times its own weight: a value of shape (batch, outputs).
  static Selection weighted(graph::Value weights) {
    Selection selection(Kind::kAll);
    selection.weights_ = weights;
    return selection;
  }

  bool is_max() const { return kind_ == Kind::kMax; }
  bool is_all() const { return kind_ == Kind::kAll; }

  /// sel(tensor): (batch, 1) for an index, (batch, 1, ...) for max, the tensor itself for all.
  graph::Value apply(graph::Builder& builder, graph::Value tensor) const;
  /// `signal` at the selected neurons of `output`, weighted as an expression or an array of weights asks.
  graph::Value weigh(graph::Builder& builder, graph::Value output, graph::Value signal) const;

 private:
  enum class Kind { kMax, kIndex, kAll };
  explicit Selection(Kind kind, graph::Value targets = {}) : kind_(kind), targets_(targets) {}

  Kind kind_;
  graph::Value targets_;
  std::optional<Expression> expression_;
  graph::Value weights_{};
};

}  // namespace signxai::reverse
