// Pointwise operations on one or two operands, each of which may be a constant.
#include <cmath>

#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

constexpr double kMostPowers = 64;

/// x^n for a whole n > 0 by squaring.
Value whole_power(Builder& b, Value x, int n) {
  Value result;
  for (Value square = x; n > 0; n /= 2) {
    if (n % 2 == 1) result = result ? b.mul(result, square) : square;
    if (n > 1) square = b.mul(square, square);
  }
  return result;
}

/// For p > 0; NaN below 0, as the function is. At 0 both value and derivative are 0.
Value positive_power(Builder& b, Value x, double p) {
  const Value zero = b.constant(0.0), at_zero = b.make("equal", {x, zero});
  const Value base = b.select(at_zero, b.constant(1.0), x);
  return b.select(at_zero, zero, b.unary("exp", b.mul(b.constant(p), b.unary("log", base))));
}

Value constant_power(Builder& b, Value x, double p) {
  if (p < 0) return b.div(b.constant(1.0), constant_power(b, x, -p));
  if (p == 0) return b.make("equal", {x, x});
  if (p == std::floor(p) && p <= kMostPowers) return whole_power(b, x, static_cast<int>(p));
  const double whole = std::floor(p);
  if (p - whole != 0.5 || p > kMostPowers) return positive_power(b, x, p);
  const Value root = b.unary("sqrt", x);
  return whole == 0 ? root : b.mul(whole_power(b, x, static_cast<int>(whole)), root);
}

}  // namespace

LayerResult binary_operation(Operands& call, const char* op) {
  return LayerResult::plain(call.builder().make(op, {call.value("x1"), call.value("x2")}));
}

LayerResult unary_operation(Operands& call, const char* op) {
  return LayerResult::plain(call.builder().unary(op, call.value("x")));
}

LayerResult operation_add_n(Operands& call) {
  Value sum;
  for (const Value x : call.values("inputs")) sum = sum ? call.builder().add(sum, x) : x;
  return LayerResult::plain(sum);
}

/// The limits count as inside for the derivative: the value is the first operand, which wins ties.
LayerResult operation_clip(Operands& call) {
  Builder& b = call.builder();
  const Value above = b.make("maximum", {call.value("x"), call.value("low")});
  return LayerResult::plain(b.make("minimum", {above, call.value("high")}));
}

LayerResult operation_divide_no_nan(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x1"), y = call.value("x2"), zero = b.constant(0.0);
  const Value none = b.make("equal", {y, zero});
  return LayerResult::plain(b.select(none, zero, b.div(x, b.select(none, b.constant(1.0), y))));
}

LayerResult operation_power(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x1");
  if (const auto p = call.number("x2")) return LayerResult::plain(constant_power(b, x, *p));
  const Value logarithm = b.unary("log", x);
  return LayerResult::plain(b.unary("exp", b.mul(call.value("x2"), logarithm)));
}

LayerResult operation_reciprocal(Operands& call) {
  return LayerResult::plain(call.builder().div(call.builder().constant(1.0), call.value("x")));
}

LayerResult operation_rsqrt(Operands& call) {
  Builder& b = call.builder();
  return LayerResult::plain(b.div(b.constant(1.0), b.unary("sqrt", call.value("x"))));
}

LayerResult operation_square(Operands& call) {
  const Value x = call.value("x");
  return LayerResult::plain(call.builder().mul(x, x));
}

LayerResult operation_squared_difference(Operands& call) {
  const Value gap = call.builder().sub(call.value("x1"), call.value("x2"));
  return LayerResult::plain(call.builder().mul(gap, gap));
}

}  // namespace signxai::keras
