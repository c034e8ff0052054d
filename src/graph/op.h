// The table of primitives. One entry per op; the file that defines the entry holds everything about it: attributes,
// shape inference, pull-back, sign rule and reference kernel. The text form is derived from the attribute list.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace signxai::graph {

class Builder;
class Derivative;

/// Which signs the elements of a value may have; the lattice of the sign analysis.
struct Sign {
  bool negative = true, zero = true, positive = true;
  static constexpr Sign any() { return {}; }
  static constexpr Sign non_negative() { return {false, true, true}; }
  static constexpr Sign only_positive() { return {false, false, true}; }
  static constexpr Sign only_zero() { return {false, true, false}; }
  bool is_zero() const { return !negative && !positive; }
  bool is_non_negative() const { return !negative; }
  bool is_positive() const { return !negative && !zero; }
  Sign join(Sign o) const { return {negative || o.negative, zero || o.zero, positive || o.positive}; }
  bool operator==(const Sign&) const = default;
};

enum class OpKind {
  kLeaf,       ///< input, const
  kPointwise,  ///< element by element with NumPy broadcasting; may be fused into a sweep
  kLinear,     ///< contraction with weights: convolution, matmul and their transposes
  kPool,       ///< windows over space
  kReduce,     ///< over axes
  kShape,      ///< moves elements, computes nothing
  kControl,    ///< runs a region: scan, sweep
};

enum class AttrType { kInteger, kNumber, kText, kInts, kLiteral, kRegion };

struct AttrSpec {
  std::string name;
  AttrType type;
  std::optional<Attr> fallback;  ///< none: the attribute must be given
};

/// What shape inference sees. It throws Error(kInvalidArgument) on inputs that do not fit; open extents are allowed.
struct InferArgs {
  const Attrs& attrs;
  std::span<const Type> inputs;
};

/// Double-precision array of the reference kernels, row-major.
struct Array {
  Shape shape;
  std::vector<double> data;
  std::vector<Array> elements;  ///< members of a tuple

  Array() = default;
  explicit Array(Shape s, double value = 0.0)
      : shape(std::move(s)), data(static_cast<std::size_t>(element_count(shape)), value) {}
};

/// What a pull-back sees: y = op(inputs) and the cotangent of y. `needed[i]` says whether input i leads to a value that
/// is differentiated.
struct PullBackArgs {
  Builder& builder;
  const Node& node;  ///< a copy: stays valid while the builder grows
  Value result;
  Value cotangent;  ///< invalid where the result is a tuple
  std::span<const bool> needed;
  std::span<const Value> members{};        ///< of a tuple: one cotangent per member, invalid where nothing arrived
  const Derivative* derivative = nullptr;  ///< what takes the place of derivatives in regions; none: nullptr
};

struct OpDef {
  std::string name;
  OpKind kind = OpKind::kPointwise;
  int min_inputs = 1, max_inputs = 1;
  std::vector<AttrSpec> attrs{};
  /// Control ops only: the attributes with regions whose types follow the operands (open extents become bound).
  Attrs (*adapt)(const InferArgs&) = nullptr;
  Type (*infer)(const InferArgs&) = nullptr;
  /// Reference kernel on bound inputs; defines what is right. Returns an array of node.type's shape.
  Array (*evaluate)(const Node& node, std::span<const Array* const> inputs) = nullptr;
  /// One cotangent per input; an invalid Value where the derivative is zero everywhere, undefined or not needed.
  /// Null: the op has no derivative anywhere (comparisons, arg-max).
  std::vector<Value> (*pull_back)(const PullBackArgs&) = nullptr;
  /// Null: any sign.
  Sign (*sign)(const Node& node, std::span<const Sign> inputs) = nullptr;
  /// Floating-point operations on inputs of these bound types. Null: one per element of the largest operand or result,
  /// and none for leaves and shape ops.
  double (*flops)(const Node& node, std::span<const Type> inputs) = nullptr;
  /// Elements of its inputs that it reads. Null: all of them.
  double (*reads)(const Node& node, std::span<const Type> inputs) = nullptr;
  /// Bit i: the result is all zero wherever (pointwise, shape ops) or if (all others) input i is zero.
  std::uint32_t annihilators = 0;
};

/// Every primitive, in alphabetical order. Built once, immutable.
std::span<const OpDef* const> op_table();
/// The entry of that name; throws Error(kInvalidArgument) with the nearest names.
const OpDef& find_op(std::string_view name);
/// As find_op, nullptr when there is none.
const OpDef* find_op_or_null(std::string_view name);

}  // namespace signxai::graph
