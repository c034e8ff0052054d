// What stands behind a node.
#include "importers/onnx/nodes/recover.h"

#include <algorithm>

namespace signxai::onnx {
namespace {

/// Whether numbers of that shape belong to one axis of a tensor that they are added to.
bool lies_along(const Shape& shape, std::size_t rank, std::size_t axis, std::int64_t extent) {
  if (shape.size() > rank || element_count(shape) != extent) return false;
  const std::size_t first = rank - shape.size();
  if (axis < first) return false;
  return shape[axis - first] == extent;
}

}  // namespace

std::optional<Added> added_constant(Node& node, std::size_t rank, std::size_t axis, std::int64_t extent) {
  const std::string& made = node.proto().output(0);
  const auto* user = node.translator().sole_user(made);
  if (!user || user->op_type() != "Add" || user->input_size() != 2) return std::nullopt;
  if (user->input(0) == user->input(1)) return std::nullopt;
  const Tensor* other = node.translator().find(user->input(user->input(0) == made ? 1 : 0));
  if (!other || !other->constant || !lies_along(other->shape, rank, axis, extent)) return std::nullopt;
  return Added{other->constant->reshaped({extent}), user};
}

}  // namespace signxai::onnx
