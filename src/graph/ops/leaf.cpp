// Leaves of a graph: `input` (data handed in at run time) and `const` (weights and numbers).
#include <algorithm>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

constexpr std::int64_t kBlock = 4096;  // read without a branch

/// Numbers of both signs may as well hold a zero: nothing is gained by reading on, and weights can be many.
Sign literal_sign(const Node& node, std::span<const Sign>) {
  const Literal& literal = node.attrs.literal("value");
  Sign sign{false, false, false};
  for (std::int64_t begin = 0; begin < literal.size(); begin += kBlock) {
    const float* const end = literal.data() + std::min(begin + kBlock, literal.size());
    unsigned negative = 0, zero = 0, positive = 0, other = 0;
    for (const float* v = literal.data() + begin; v != end; ++v) {
      negative |= *v<0, zero |= *v == 0, positive |= *v> 0, other |= *v != *v;
    }
    sign = {sign.negative || negative != 0, sign.zero || zero != 0, sign.positive || positive != 0};
    if (other != 0 || (sign.positive && sign.negative)) return Sign::any();
  }
  return sign;
}

}  // namespace

OpDef op_input() {
  OpDef op{.name = "input", .kind = OpKind::kLeaf, .min_inputs = 0, .max_inputs = 0};
  op.attrs = {{"name", AttrType::kText, {}}, {"shape", AttrType::kInts, {}}};
  op.infer = [](const InferArgs& a) { return checked_type("input", a.attrs.ints("shape")); };
  return op;
}

OpDef op_const() {
  OpDef op{.name = "const", .kind = OpKind::kLeaf, .min_inputs = 0, .max_inputs = 0};
  op.attrs = {{"value", AttrType::kLiteral, {}}};
  op.infer = [](const InferArgs& a) { return Type(a.attrs.literal("value").shape()); };
  op.evaluate = [](const Node& node, std::span<const Array* const>) {
    const Literal& literal = node.attrs.literal("value");
    Array array(literal.shape());
    std::copy_n(literal.data(), literal.size(), array.data.begin());
    return array;
  };
  op.sign = literal_sign;
  return op;
}

}  // namespace signxai::graph
