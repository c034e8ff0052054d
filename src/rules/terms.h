// Rules as sums over terms (x_k, W_k, b_k): the layer's input, kernel and bias, each whole or in part. zennit's rules
// and those that users state are made of them.
//   R_in = sum over shares  w sum_k c_k f_k * VJP(W_k; R [where] / s(sum_k c_k (W_k x_k + b_k)))
// with w the weight of the share, c_k the scale of a term, f_k what its pull-back is multiplied with, x_k as a rule,
// and s(z) = z + epsilon sign(z); with epsilon = 0 the safe division that every rule of the reference has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/rule.h"

namespace signxai::rules {

/// What a term takes the layer's input for: x, max(x, 0), min(x, 0), s(x) = x / |x|, or one number everywhere.
struct Operand {
  enum class Kind { kAll, kPositive, kNegative, kSign, kNumber };
  Kind kind = Kind::kAll;
  double number = 0;
};

struct Term {
  Operand input{};
  Part kernel = Part::kAll, bias = Part::kNone;
  double scale = 1;
  std::optional<Operand> factor{};  ///< none: the input
};

/// Neurons that a share is for: all, or those whose z = Wx + b is above or below zero.
enum class Where { kAll, kPositive, kNegative };

struct Share {
  double weight = 1;
  std::vector<Term> terms{};
  std::vector<Term> denominator{};  ///< empty: the terms
  double epsilon = 0;
  Where where = Where::kAll;
};

/// The rule of these shares, for layers with a kernel. At the network's end R is the value of the selected output, and
/// nothing else of the layer is seen.
Rule rule_of_shares(std::string label, std::vector<Share> shares);

}  // namespace signxai::rules
