// A scalar expression of a network's outputs, such as "f3 - f5" or "log(f0) / 2": what is explained in place of one
// output. The signal at output k is its derivative de/df_k.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "graph/builder.h"

namespace signxai::reverse {

class Expression {
 public:
  /// Numbers, outputs f0, f1 ..., + - * / ( ), exp, log, sqrt, tanh, abs. Throws Error(kInvalidArgument).
  static Expression parse(std::string_view text);

  /// The largest index of an output that occurs.
  std::int64_t last_output() const;
  /// de/df at `outputs` of shape (batch, ...), of the same shape.
  graph::Value derivative(graph::Builder& builder, graph::Value outputs) const;

  struct Term;

 private:
  explicit Expression(std::shared_ptr<const Term> root) : root_(std::move(root)) {}
  std::shared_ptr<const Term> root_;
};

}  // namespace signxai::reverse
