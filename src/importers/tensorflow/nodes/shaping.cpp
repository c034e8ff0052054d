// The same elements in another shape or order. Some are only a detour of TensorFlow's: an axis for a layer that has one
// more than needed, the batch joined with other axes for a matrix product, samples as channels to be normalized.
#include <algorithm>
#include <numeric>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Ints;
using graph::Literal;
using keras::Json;

Value with_shape(const Value& x, Shape shape) {
  Value made = x;
  made.numbers = Literal(std::move(shape), x.numbers->storage(), x.numbers->name());
  return made;
}

/// The tensor behind another form of it.
Value plain(const Value& x) {
  Value made = x;
  made.shape = x.base;
  made.expanded = 0, made.merged = made.centred = false;
  return made;
}

/// Elements of a sample; -1 where an extent is open.
std::int64_t elements(const Shape& shape, std::size_t from, std::size_t to) {
  std::int64_t product = 1;
  for (std::size_t i = from; i < to && product >= 0; ++i) product = shape[i] < 0 ? -1 : product * shape[i];
  return product;
}

Value reshaped_numbers(const Node& node, const Value& x, Ints target) {
  const auto open = std::find(target.begin(), target.end(), -1);
  std::int64_t product = 1;
  for (const std::int64_t extent : target) product *= extent == -1 ? 1 : std::max<std::int64_t>(extent, 0);
  if (open != target.end()) *open = product > 0 ? x.numbers->size() / product : 0;
  if (std::count(target.begin(), target.end(), -1) > 0 ||
      std::any_of(target.begin(), target.end(), [](std::int64_t e) { return e < 0; }) ||
      count_of(target, node.name()) != x.numbers->size()) {
    node.refuse("gives " + std::to_string(x.numbers->size()) + " numbers the shape " + signxai::to_string(target));
  }
  return with_shape(x, target);
}

/// The detours: into another form of the tensor, and back.
std::optional<Value> detour(const Value& x, const Ints& target) {
  const Shape& shape = x.shape;
  if ((x.merged || x.centred) && target.size() == x.base.size()) {
    const bool back = target.back() == x.base.back() || target.back() == -1;
    return back ? std::optional(plain(x)) : std::nullopt;
  }
  if (x.in_other_form() || shape.size() < 2) return std::nullopt;
  Value made = x;
  made.base = shape;
  const bool unknown = target.front() == -1;
  if (target.size() == 2 && shape.size() > 2 && unknown && target.back() == shape.back() &&
      elements(shape, 1, shape.size() - 1) != 1) {
    made.merged = true;
    made.shape = {-1, shape.back()};
    return made;
  }
  const bool image = target.size() == 4 && target[0] == 1 && target[1] == -1 && target[3] == 1 && target[2] > 0;
  for (std::size_t axis = shape.size(); image && axis-- > 1;) {
    if (elements(shape, axis, shape.size()) != target[2]) continue;
    made.centred = true;
    made.shape = target;
    return made;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Value> node_reshape(Node& node) {
  const Value& x = node.operand(0);
  Ints target = node.translator().open(node.integers(1, "extents"));
  if (x.numbers) return {reshaped_numbers(node, x, target)};
  if (target.empty()) node.refuse("makes a scalar of a batch");
  if (const auto form = detour(x, target)) return {*form};
  if (target == x.shape && std::count(target.begin(), target.end(), -1) == 1) return {x};
  const bool batch_first = target.front() == -1;
  Json extents = Json::array();
  for (std::size_t i = 1; i < target.size(); ++i) extents.push_back(target[i]);
  const std::int64_t before = elements(x.shape, 1, x.shape.size()), after = elements(target, 1, target.size());
  const bool mixes = !batch_first || (before >= 0 && after >= 0 && before != after) ||
                     std::count(target.begin() + 1, target.end(), -1) > 1;
  if (mixes) {
    node.refuse("moves the batch axis or joins it with others (" + signxai::to_string(x.shape) + " to " +
                signxai::to_string(target) + "); the first axis has to stay the batch");
  }
  if (target.size() == 2 && x.rank() > 2) return {node.layer("Flatten", Json::object(), {x}, {}, target)};
  return {node.layer("Reshape", {{"target_shape", extents}}, {x}, {}, node.shape().value_or(target))};
}

std::vector<Value> node_expand_dims(Node& node) {
  const Value& x = node.operand(0);
  const std::int64_t axis = node.from_front(node.integer(1, "axis"), x.rank() + 1);
  Shape shape = x.numbers ? x.numbers->shape() : x.shape;
  shape.insert(shape.begin() + axis, 1);
  if (x.numbers) return {with_shape(x, shape)};
  if (axis == 0) node.refuse("puts an axis in front of the batch");
  Value made = x;
  if (x.expanded > 0 || x.merged || x.centred) {
    made = node.operation("ExpandDims", {{"x", {{"tensor", 0}}}, {"axis", axis}}, {x}, shape);
    return {made};
  }
  made.base = x.blocks.empty() ? x.shape : x.base;
  made.expanded = axis;
  made.shape = shape;
  return {made};
}

std::vector<Value> node_squeeze(Node& node) {
  const Value& x = node.operand(0);
  Ints axes = node.list("squeeze_dims");
  if (axes.empty()) axes = node.list("axis");
  const Shape& from = x.numbers ? x.numbers->shape() : x.shape;
  for (std::int64_t& axis : axes) axis = node.from_front(axis, from.size());
  for (std::size_t i = 0; i < from.size() && axes.empty(); ++i) {
    if (from[i] == 1) axes.push_back(static_cast<std::int64_t>(i));
  }
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  Shape shape = from;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) shape.erase(shape.begin() + *axis);
  if (x.numbers) {
    if (element_count(shape) != x.numbers->size()) node.refuse("drops axes that are not of extent 1");
    return {with_shape(x, shape)};
  }
  if (x.expanded > 0 && axes == Ints{x.expanded}) {
    Value made = x;
    made.expanded = 0;
    made.shape = x.blocks.empty() ? x.base : shape;
    return {made};
  }
  if (axes.empty()) return {x};
  return {node.operation("Squeeze", {{"x", {{"tensor", 0}}}, {"axis", axes}}, {x}, shape)};
}

std::vector<Value> node_transpose(Node& node) {
  const Value& x = node.operand(0);
  Ints perm = node.integers(1, "axes");
  const std::size_t rank = x.rank();
  if (perm.size() != rank) node.refuse("orders " + std::to_string(perm.size()) + " axes of " + std::to_string(rank));
  for (std::int64_t& axis : perm) axis = node.from_front(axis, rank);
  Ints same(rank);
  std::iota(same.begin(), same.end(), 0);
  if (perm == same) return {x};
  if (x.numbers) {
    const Shape& from = x.numbers->shape();
    Shape shape, strides(rank, 1);
    for (std::size_t i = rank - 1; i-- > 0;) strides[i] = strides[i + 1] * from[i + 1];
    for (const std::int64_t axis : perm) shape.push_back(from[static_cast<std::size_t>(axis)]);
    std::vector<float> values(static_cast<std::size_t>(x.numbers->size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::int64_t left = static_cast<std::int64_t>(i), at = 0;
      for (std::size_t axis = rank; axis-- > 0;) {
        at += left % shape[axis] * strides[static_cast<std::size_t>(perm[axis])];
        left /= shape[axis];
      }
      values[i] = x.numbers->data()[at];
    }
    return {Node::constant({shape, std::move(values), x.numbers->name()}, x.integer)};
  }
  Shape shape;
  for (const std::int64_t axis : perm) shape.push_back(x.shape[static_cast<std::size_t>(axis)]);
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  if (perm.front() != 0 || sorted != same) node.refuse("moves the batch axis; the first axis has to stay the batch");
  return {node.layer("Permute", {{"dims", Ints(perm.begin() + 1, perm.end())}}, {x}, {}, shape)};
}

std::vector<Value> node_broadcast_to(Node& node) {
  const Value& x = node.operand(0);
  Json extents = Json::array();
  for (const std::int64_t extent : node.translator().open(node.integers(1, "extents"))) extents.push_back(extent);
  return {node.operation("BroadcastTo", {{"x", {{"tensor", 0}}}, {"shape", extents}}, {x})};
}

}  // namespace signxai::tensorflow
