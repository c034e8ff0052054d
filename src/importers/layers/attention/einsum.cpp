// Lowering of Einstein sums. Axes fall into four groups: those of both operands and the result (batch), of both
// operands alone (summed), of one operand and the result (rows and columns). With the operands arranged as [batch,
// rows, summed] and [batch, summed, columns] the sum is a matrix product.
#include "importers/layers/attention/einsum.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

std::string filtered(const std::string& letters, const std::function<bool(char)>& keep) {
  std::string kept;
  std::copy_if(letters.begin(), letters.end(), std::back_inserter(kept), keep);
  return kept;
}

Value arranged(Builder& b, Value x, const std::string& from, const std::string& to) {
  if (from == to) return x;
  Ints perm;
  for (const char letter : to) perm.push_back(static_cast<std::int64_t>(from.find(letter)));
  return b.make("transpose", {x}, {{"perm", perm}});
}

/// Sums over axes that neither the other operand nor the result has.
Value without_lonely(Builder& b, Value x, std::string& letters, const std::string& others) {
  Ints axes;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (!has(others, letters[i])) axes.push_back(static_cast<std::int64_t>(i));
  }
  letters = filtered(letters, [&](char letter) { return has(others, letter); });
  return axes.empty() ? x : b.reduce("reduce_sum", x, axes, false);
}

/// Product of the extents from `first` on, -1 where one of them is open.
std::int64_t merged(const Shape& shape, std::size_t first, std::size_t count) {
  std::int64_t product = 1;
  for (std::size_t i = first; i < first + count; ++i) {
    if (shape[i] == graph::kOpen) return -1;
    product *= shape[i];
  }
  return product;
}

/// Reshapes [batch (kept), first group, second group] to one axis per group.
Value grouped(Builder& b, Value x, std::size_t batch, std::size_t first, std::size_t second) {
  if (first == 1 && second == 1) return x;
  const Shape shape = b.shape(x);
  Shape target(batch, 0);
  target.push_back(first == 1 ? 0 : merged(shape, batch, first));
  target.push_back(merged(shape, batch + first, second));
  return b.reshape(x, target);
}

struct Groups {
  std::string batch, rows, summed, columns;
};

Groups groups_of(const Equation& e) {
  Groups g;
  g.batch = filtered(e.left, [&](char c) { return has(e.right, c) && has(e.out, c); });
  g.summed = filtered(e.left, [&](char c) { return has(e.right, c) && !has(e.out, c); });
  g.rows = filtered(e.left, [&](char c) { return !has(e.right, c); });
  g.columns = filtered(e.right, [&](char c) { return !has(e.left, c); });
  return g;
}

/// Without batch axes the left operand keeps its rows apart: [rows..., summed] [summed, columns].
Value plain_product(Builder& b, const Groups& g, Value left, Value right) {
  const Shape l = b.shape(left), r = b.shape(right);
  if (g.rows.empty()) left = b.reshape(left, {1, merged(l, 0, l.size())});
  if (!g.rows.empty() && g.summed.size() != 1) {
    Shape target(g.rows.size(), 0);
    target.push_back(merged(l, g.rows.size(), g.summed.size()));
    left = b.reshape(left, target);
  }
  const Value product = b.make("matmul", {left, grouped(b, right, 0, g.summed.size(), g.columns.size())});
  if (!g.rows.empty() && g.columns.size() == 1) return product;
  Shape target(g.rows.size(), 0);
  target.insert(target.end(), r.begin() + static_cast<std::ptrdiff_t>(g.summed.size()), r.end());
  return b.reshape(product, target);
}

Value batched_product(Builder& b, const Groups& g, Value left, Value right) {
  const std::size_t batch = g.batch.size();
  const Shape l = b.shape(left), r = b.shape(right);
  const Value product = b.make("matmul", {grouped(b, left, batch, g.rows.size(), g.summed.size()),
                                          grouped(b, right, batch, g.summed.size(), g.columns.size())});
  if (g.rows.size() == 1 && g.columns.size() == 1) return product;
  Shape target(batch, 0);
  for (std::size_t i = 0; i < g.rows.size(); ++i) target.push_back(i == 0 && g.rows.size() == 1 ? 0 : l[batch + i]);
  for (std::size_t i = batch + g.summed.size(); i < r.size(); ++i) target.push_back(r[i]);
  return b.reshape(product, target);
}

void check_part(const std::string& letters, const std::string& text) {
  if (letters.empty() || !std::all_of(letters.begin(), letters.end(),
                                      [](char c) { return std::isalpha(static_cast<unsigned char>(c)); })) {
    throw std::invalid_argument("'" + text + "' is not of the form ab,bc->ac");
  }
  if (std::set<char>(letters.begin(), letters.end()).size() != letters.size()) {
    throw std::invalid_argument("'" + text + "' names an axis twice in '" + letters + "'");
  }
}

}  // namespace

Equation parse_equation(const std::string& text) {
  const std::size_t comma = text.find(','), arrow = text.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
    throw std::invalid_argument("'" + text + "' is not of the form ab,bc->ac");
  }
  const Equation e{text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1), text.substr(arrow + 2)};
  for (const std::string& part : {e.left, e.right, e.out}) check_part(part, text);
  for (const char letter : e.out) {
    if (!has(e.left + e.right, letter)) {
      throw std::invalid_argument("'" + text + "' has the axis " + letter + " in its result alone");
    }
  }
  return e;
}

Value einsum(Builder& b, const Equation& equation, Value left, Value right) {
  Equation e = equation;
  left = without_lonely(b, left, e.left, e.right + e.out);
  right = without_lonely(b, right, e.right, e.left + e.out);
  const Groups g = groups_of(e);
  left = arranged(b, left, e.left, g.batch + g.rows + g.summed);
  right = arranged(b, right, e.right, g.batch + g.summed + g.columns);
  const Value product = g.batch.empty() ? plain_product(b, g, left, right) : batched_product(b, g, left, right);
  return arranged(b, product, g.batch + g.rows + g.columns, e.out);
}

}  // namespace signxai::keras
