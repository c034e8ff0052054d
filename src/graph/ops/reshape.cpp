// reshape: the same elements in the same order. In `shape`, 0 copies the input's extent of that axis and -1 (once)
// takes what is left over; both keep open extents open.
#include <algorithm>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

/// The extents of x that no 0 copies: the result's other extents have to multiply to their product.
Shape uncopied(const Shape& x, const Ints& shape) {
  Shape rest;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i >= shape.size() || shape[i] != 0) rest.push_back(x[i]);
  }
  return rest;
}

[[noreturn]] void refuse(const Shape& x, const Ints& shape, const std::string& why) {
  refuse_op("reshape", why + "; got shape " + signxai::to_string(x) + " and target " + signxai::to_string(shape) +
                           " (None is inferred, 0 is copied)");
}

/// The result with -1 where it has to be inferred, and the product of the extents that were given.
Shape resolve_shape(const Shape& x, const Ints& shape, std::int64_t& given) {
  Shape out = shape;
  Shape numbers;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < -1) refuse(x, shape, "extent " + std::to_string(shape[i]) + " is negative");
    if (shape[i] == 0 && i >= x.size()) refuse(x, shape, "there is no extent to copy");
    if (shape[i] == 0) out[i] = x[i];
    if (shape[i] > 0) numbers.push_back(shape[i]);
  }
  given = element_count(checked_type("reshape", std::move(numbers)).shape);
  return out;
}

Type infer_reshape(const InferArgs& a) {
  const Shape& x = a.inputs[0].shape;
  const Ints& shape = a.attrs.ints("shape");
  const auto inferred = std::find(shape.begin(), shape.end(), -1);
  if (std::count(shape.begin(), shape.end(), -1) > 1) refuse(x, shape, "more than one extent is to be inferred");
  std::int64_t given = 1;
  Shape out = resolve_shape(x, shape, given);
  const Shape rest = uncopied(x, shape);
  const bool open = !Type(rest).is_bound();
  if (inferred == shape.end()) {
    if (!open && element_count(rest) != given) refuse(x, shape, "the numbers of elements differ");
  } else if (!open) {
    if (element_count(rest) % given != 0) refuse(x, shape, "the numbers of elements differ");
    out[static_cast<std::size_t>(inferred - shape.begin())] = element_count(rest) / given;
  }
  return checked_type("reshape", std::move(out));
}

Array evaluate_reshape(const Node& node, std::span<const Array* const> in) {
  Array out = *in[0];
  out.shape = node.type.shape;
  return out;
}

/// Back to the shape of x. An open extent is copied where it was copied on the way here, else inferred.
std::vector<Value> pull_back_reshape(const PullBackArgs& p) {
  const Ints& shape = p.node.attrs.ints("shape");
  Shape target = p.builder.shape(p.node.inputs[0]);
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == kOpen && i < shape.size() && shape[i] == 0) target[i] = 0;
  }
  return {p.builder.reshape(p.cotangent, std::move(target))};
}

}  // namespace

OpDef op_reshape() {
  OpDef op{.name = "reshape", .kind = OpKind::kShape};
  op.attrs = {{"shape", AttrType::kInts, {}}};
  op.infer = infer_reshape;
  op.evaluate = evaluate_reshape;
  op.pull_back = pull_back_reshape;
  op.sign = [](const Node&, std::span<const Sign> s) { return s[0]; };
  op.annihilators = 1;
  return op;
}

}  // namespace signxai::graph
