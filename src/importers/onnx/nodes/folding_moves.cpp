// Parts, joints and orders of numbers that are known while a model is imported, and nodes that make numbers.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/places.h"

namespace signxai::onnx {
namespace {

using graph::Ints;

/// A range of indices of one axis, as Slice takes it.
Ints indices_of(Node& node, std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
  if (step == 0) node.corrupt("has a step of 0");
  const auto front = [&](std::int64_t at) { return at < 0 ? at + extent : at; };
  Ints indices;
  if (step > 0) {
    const std::int64_t first = std::clamp<std::int64_t>(front(start), 0, extent),
                       last = std::clamp<std::int64_t>(front(end), 0, extent);
    for (std::int64_t i = first; i < last; i += std::min(step, extent)) indices.push_back(i);
  } else {
    const std::int64_t first = std::clamp<std::int64_t>(front(start), -1, extent - 1),
                       last = std::clamp<std::int64_t>(front(end), -1, extent - 1);
    for (std::int64_t i = first; i > last; i += std::max(step, -extent)) indices.push_back(i);
  }
  return indices;
}

Constant taken(Node& node, const Constant& x, std::size_t axis, const Ints& indices) {
  Shape shape = x.shape();
  shape[axis] = static_cast<std::int64_t>(indices.size());
  // An axis of extent 1 has one index anyway.
  return picked(node, x, shape, [&](Shape& at) { at[axis] = indices[static_cast<std::size_t>(at[axis])]; });
}

}  // namespace

void fold_cast(Node& node) {
  const Constant& x = node.known(0);
  const std::int64_t to = node.integer("to", 1);
  std::vector<double> numbers = x.numbers();
  if (to == 1 || to == 10 || to == 11 || to == 16) {
    if (x.element() == Element::kFloat) return node.give(0, x);
    return node.give(0, Constant(x.shape(), Element::kFloat, std::move(numbers)));
  }
  for (double& value : numbers) value = to == 9 ? (value != 0 ? 1 : 0) : std::trunc(value);
  node.give(0, Constant(x.shape(), to == 9 ? Element::kBoolean : Element::kInteger, std::move(numbers)));
}

void fold_concat(Node& node) {
  std::vector<const Constant*> parts;
  for (std::size_t i = 0; i < node.inputs(); ++i) parts.push_back(&node.known(i));
  if (parts.empty()) node.corrupt("joins nothing");
  Shape shape = parts.front()->shape();
  const auto axis = static_cast<std::size_t>(node.axis(node.integer("axis", 1), shape.size()));
  shape[axis] = 0;
  std::vector<std::pair<const Constant*, std::int64_t>> owners;  // of each index along the axis
  for (const Constant* part : parts) {
    Shape other = part->shape();
    if (other.size() != shape.size()) node.corrupt("joins tensors with different numbers of axes");
    for (std::int64_t i = 0; i < other[axis]; ++i) owners.emplace_back(part, i);
    shape[axis] += other[axis];
    other[axis] = parts.front()->shape()[axis];
    if (other != parts.front()->shape()) node.corrupt("joins tensors that do not fit");
  }
  check_size(node, shape);
  std::map<const Constant*, std::vector<double>> held;
  for (const Constant* part : parts) held[part] = part->numbers();
  std::vector<double> result(static_cast<std::size_t>(element_count(shape)));
  for_each_place(shape, [&](const Shape& at, std::size_t flat) {
    const auto& [part, index] = owners[static_cast<std::size_t>(at[axis])];
    Shape moved = at;
    moved[axis] = index;
    result[flat] = held[part][place_in(part->shape(), moved)];
  });
  node.give(0, Constant(shape, parts.front()->element(), std::move(result)));
}

void fold_expand(Node& node) {
  const Constant& x = node.known(0);
  const Shape shape = broadcast_shape(node, x.shape(), node.known(1, "shape").integers());
  node.give(0, Constant(shape, x.element(), spread(node, x, shape)));
}

void fold_gather(Node& node) {
  const Constant &x = node.known(0), &places = node.known(1);
  const auto axis = static_cast<std::size_t>(node.axis(node.integer("axis", 0), x.shape().size()));
  Ints indices = places.integers();
  const std::int64_t extent = x.shape()[axis];
  for (std::int64_t& index : indices) {
    if (index < -extent || index >= extent)
      node.corrupt("takes the element " + std::to_string(index) + " of " + std::to_string(extent));
    if (index < 0) index += extent;
  }
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), places.shape().begin(), places.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape().end());
  node.give(0, taken(node, x, axis, indices).reshaped(shape));
}

/// Slices of the numbers are replaced, as exporters write an assignment to x[a:b].
void fold_scatter_nd(Node& node) {
  const Constant &x = node.known(0), &places = node.known(1), &updates = node.known(2);
  if (node.text("reduction", "none") != "none") node.refuse("combines numbers (reduction), which is not supported");
  const Shape& shape = x.shape();
  const std::int64_t depth = places.shape().empty() ? 0 : places.shape().back();
  if (depth < 1 || depth > static_cast<std::int64_t>(shape.size())) node.corrupt("has indices that do not fit");
  const std::int64_t slice = element_count(Shape(shape.begin() + depth, shape.end())), count = places.size() / depth;
  if (updates.size() != count * slice)
    node.corrupt("has " + std::to_string(updates.size()) + " numbers for " + std::to_string(count * slice));
  std::vector<double> result = x.numbers();
  const std::vector<double> from = updates.numbers();
  const Ints indices = places.integers();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = 0;
    for (std::int64_t d = 0; d < depth; ++d) {
      const std::int64_t extent = shape[static_cast<std::size_t>(d)],
                         given = indices[static_cast<std::size_t>(i * depth + d)];
      if (given < -extent || given >= extent)
        node.corrupt("replaces the element " + std::to_string(given) + " of " + std::to_string(extent));
      at = at * extent + (given < 0 ? given + extent : given);
    }
    std::copy_n(from.begin() + i * slice, slice, result.begin() + at * slice);
  }
  node.give(0, Constant(shape, x.element(), std::move(result)));
}

void fold_slice(Node& node) {
  Constant x = node.known(0);
  const bool attributes = node.has("starts");
  const Ints starts = attributes ? *node.integers("starts") : node.known(1, "starts").integers();
  const Ints ends = attributes ? node.integers("ends").value_or(Ints{}) : node.known(2, "ends").integers();
  Ints axes = node.integers("axes", 3).value_or(Ints{});
  const Ints steps = node.has(4) ? node.known(4, "steps").integers() : Ints(starts.size(), 1);
  for (std::size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    node.corrupt("has lists of different lengths");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.axis(axes[i], x.shape().size()));
    const Ints indices = indices_of(node, starts[i], ends[i], steps[i], x.shape()[axis]);
    x = taken(node, x, axis, indices);
  }
  node.give(0, x);
}

void fold_split(Node& node) {
  const Constant& x = node.known(0);
  const auto axis = static_cast<std::size_t>(node.axis(node.integer("axis", 0), x.shape().size()));
  const std::int64_t extent = x.shape()[axis], parts = static_cast<std::int64_t>(node.outputs());
  Ints sizes = node.integers("split", 1).value_or(Ints{});
  const std::int64_t size = (extent + parts - 1) / std::max<std::int64_t>(parts, 1);
  if (sizes.empty()) {
    for (std::int64_t begin = 0; begin < extent; begin += size) sizes.push_back(std::min(size, extent - begin));
  }
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < sizes.size() && i < node.outputs(); ++i) {
    if (sizes[i] < 0 || sizes[i] > extent - begin) node.corrupt("splits more than there is");
    Ints indices(static_cast<std::size_t>(sizes[i]));
    std::iota(indices.begin(), indices.end(), begin);
    node.give(i, taken(node, x, axis, indices));
    begin += sizes[i];
  }
}

void fold_tile(Node& node) {
  const Constant& x = node.known(0);
  const Ints repeats = node.known(1, "repeats").integers();
  if (repeats.size() != x.shape().size()) node.corrupt("has the wrong number of repeats");
  Shape shape = x.shape();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > (std::int64_t{1} << 26)) node.corrupt("has impossible repeats");
    shape[i] *= repeats[i];
  }
  node.give(0, picked(node, x, shape, [&](Shape& at) {
              for (std::size_t i = 0; i < at.size(); ++i) at[i] %= x.shape()[i];
            }));
}

void fold_transpose(Node& node) {
  const Constant& x = node.known(0);
  const std::size_t rank = x.shape().size();
  Ints perm = node.integers("perm").value_or(Ints{});
  if (perm.empty()) {
    perm.resize(rank);
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < rank; ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<std::int64_t>(i)) node.corrupt("has a wrong perm");
  }
  Shape shape;
  for (const std::int64_t axis : perm) shape.push_back(x.shape()[static_cast<std::size_t>(axis)]);
  node.give(0, picked(node, x, shape, [&](Shape& at) {
              const Shape given = at;
              for (std::size_t i = 0; i < rank; ++i) at[static_cast<std::size_t>(perm[i])] = given[i];
            }));
}

void make_constant(Node& node) {
  if (auto value = node.tensor("value")) return node.give(0, *value);
  const auto count = [](const auto& list) { return Shape{static_cast<std::int64_t>(list.size())}; };
  if (node.has("value_float")) return node.give(0, Constant({}, Element::kFloat, {node.number("value_float", 0)}));
  if (node.has("value_int"))
    return node.give(0, Constant({}, Element::kInteger, {static_cast<double>(node.integer("value_int", 0))}));
  if (node.has("value_floats")) {
    const std::vector<double> list = node.numbers("value_floats");
    return node.give(0, Constant(count(list), Element::kFloat, list));
  }
  if (const auto list = node.integers("value_ints")) {
    return node.give(0, Constant(count(*list), Element::kInteger, std::vector<double>(list->begin(), list->end())));
  }
  node.refuse("is a constant of strings or a sparse tensor, which is not supported");
}

void make_constant_of_shape(Node& node) {
  const Shape shape = node.known(0, "shape").integers();
  check_size(node, shape);
  const Constant value = node.tensor("value").value_or(Constant({1}, Element::kFloat, {0.0}));
  if (!value.is_single()) node.corrupt("has several numbers as value");
  node.give(0, Constant(shape, value.element(),
                        std::vector<double>(static_cast<std::size_t>(element_count(shape)), value.single())));
}

void make_range(Node& node) {
  const Constant &from = node.known(0), &to = node.known(1), &by = node.known(2);
  if (!from.is_single() || !to.is_single() || !by.is_single()) node.corrupt("has several numbers as a bound");
  const double start = from.single(), end = to.single(), step = by.single();
  const double count = std::max(std::ceil((end - start) / step), 0.0);
  if (!(count <= 1e7)) node.refuse("is a range of an open or absurd extent");
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = start + static_cast<double>(i) * step;
  const auto size = static_cast<std::int64_t>(numbers.size());
  node.give(0, Constant({size}, from.element(), std::move(numbers)));
}

}  // namespace signxai::onnx
