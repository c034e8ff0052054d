// Arrays between Python and the library, without copies.
#pragma once

#include <cstdint>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "signxai/image.h"
#include "signxai/tensor.h"

namespace signxai::python {

using FloatInput = nanobind::ndarray<const float, nanobind::c_contig, nanobind::device::cpu>;
using FloatArray = nanobind::ndarray<nanobind::numpy, float>;
using IntegerArray = nanobind::ndarray<nanobind::numpy, std::int64_t>;
using ByteInput = nanobind::ndarray<const std::uint8_t, nanobind::c_contig, nanobind::device::cpu>;
using ByteArray = nanobind::ndarray<nanobind::numpy, std::uint8_t>;

/// A view of the caller's memory, which must outlive it.
template <typename Array>
Shape shape_of(const Array& array) {
  Shape shape;
  for (std::size_t i = 0; i < array.ndim(); ++i) shape.push_back(static_cast<std::int64_t>(array.shape(i)));
  return shape;
}
inline TensorView view_of(const FloatInput& array) { return {shape_of(array), array.data()}; }
std::vector<TensorView> views_of(const std::vector<FloatInput>& arrays);

/// Arrays that own what they are given.
FloatArray array_of(Tensor&& tensor);
IntegerArray array_of(std::vector<std::int64_t>&& values, const Shape& shape);
/// (H, W, channels).
ByteArray array_of(Image&& image);

}  // namespace signxai::python
