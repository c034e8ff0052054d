// Plain loops: these tensors are small, mostly shapes.
#include "importers/onnx/nodes/places.h"

#include <algorithm>

namespace signxai::onnx {

void for_each_place(const Shape& shape, const std::function<void(const Shape&, std::size_t)>& visit) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  Shape at(shape.size(), 0);
  for (std::size_t flat = 0; flat < count; ++flat) {
    visit(at, flat);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
}

std::size_t place_in(const Shape& shape, const Shape& at) {
  std::size_t place = 0;
  const std::size_t skipped = at.size() - shape.size();
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t index = shape[d] == 1 ? 0 : at[d + skipped];
    place = place * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(index);
  }
  return place;
}

void check_size(Node& node, const Shape& shape) {
  std::int64_t left = std::int64_t{1} << 26;
  if (shape.size() > 8) node.refuse("makes a tensor of more than 8 axes");
  for (const std::int64_t extent : shape) {
    if (extent < 0) node.refuse("makes numbers of an extent that is open; try exporting the model with fixed extents");
    if (extent > left)
      node.refuse("makes a constant of the shape " + signxai::to_string(shape) + ", which is too large");
    if (extent > 0) left /= extent;
  }
}

Shape broadcast_shape(Node& node, const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (const Shape* s : {&a, &b}) {
    for (std::size_t i = 0; i < s->size(); ++i) {
      std::int64_t& extent = shape[shape.size() - s->size() + i];
      if ((*s)[i] == 1) continue;
      if (extent != 1 && extent != (*s)[i])
        node.corrupt("joins " + signxai::to_string(a) + " and " + signxai::to_string(b) + ", which do not fit");
      extent = (*s)[i];
    }
  }
  check_size(node, shape);
  return shape;
}

std::vector<double> spread(Node& node, const Constant& constant, const Shape& shape) {
  if (constant.shape() == shape) return constant.numbers();
  return picked(node, constant, shape, [](Shape&) {}).numbers();
}

Constant picked(Node& node, const Constant& from, const Shape& shape, const std::function<void(Shape& at)>& source) {
  check_size(node, shape);
  const std::vector<double> numbers = from.numbers();
  std::vector<double> result(static_cast<std::size_t>(element_count(shape)));
  Shape moved;
  for_each_place(shape, [&](const Shape& at, std::size_t flat) {
    moved = at;
    source(moved);
    result[flat] = numbers.at(place_in(from.shape(), moved));
  });
  return {shape, from.element(), std::move(result)};
}

}  // namespace signxai::onnx
