// Places of elements in tensors of numbers, for what is computed while a model is imported.
#pragma once

#include <functional>

#include "importers/onnx/node.h"

namespace signxai::onnx {

/// Calls visit(indices, flat index) for each element in row-major order.
void for_each_place(const Shape& shape, const std::function<void(const Shape&, std::size_t)>& visit);
/// The flat index in `shape` of an element; axes of extent 1 are broadcast, and missing ones in front.
std::size_t place_in(const Shape& shape, const Shape& at);
Shape broadcast_shape(Node& node, const Shape& a, const Shape& b);
/// Refuses to make more numbers than weights ever are.
void check_size(Node& node, const Shape& shape);
/// The numbers broadcast to a shape.
std::vector<double> spread(Node& node, const Constant& constant, const Shape& shape);
/// A tensor of that shape whose elements are found by their indices.
Constant picked(Node& node, const Constant& from, const Shape& shape, const std::function<void(Shape& at)>& source);

}  // namespace signxai::onnx
